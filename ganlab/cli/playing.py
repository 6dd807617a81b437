"""What `run` and `resume` share: play, show what happens, say what can be done next."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

import click

from ganlab.cli.failures import INTERRUPTED, TERMINATED, Session
from ganlab.cli.output import say, say_json
from ganlab.cli.parameters import RUNS
from ganlab.cli.words import printable
from ganlab.errors import DivergedError, GanlabError
from ganlab.values import Ending
from ganlab.watchdog import stacks_in

if TYPE_CHECKING:
    from ganlab.assemble.run_directory import RunDirectory
    from ganlab.plugins import Plugins
    from ganlab.recipe import Recipe

STATUS = {
    Ending.FINISHED: 0,
    Ending.STOPPED: DivergedError.exit_code,
    Ending.DIVERGED: DivergedError.exit_code,
    Ending.INTERRUPTED: INTERRUPTED,
    Ending.TERMINATED: TERMINATED,
}
"""Exit status by ending: a run that the watch stopped is as unhealthy as one that diverged."""

log = logging.getLogger("ganlab")


class Warnings(logging.Handler):
    """Prints what ganlab and its plugins note and warn of as lines on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line. That nobody is there to read it (a closed pipe, a terminal that hung up) ends no run."""
        level = "note" if record.levelno == logging.INFO else record.levelname.lower()
        with suppress(OSError):
            click.echo(f"ganlab: {level}: {printable(record.getMessage())}", err=True)


@contextmanager
def warnings_shown() -> Iterator[None]:
    """Inside, what ganlab notes and warns of is printed, once."""
    if any(isinstance(each, Warnings) for each in log.handlers):
        yield
        return
    handler, level = Warnings(), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def first_process() -> bool:
    """True unless torchrun started this process as one of the others, which neither claim nor print."""
    return os.environ.get("RANK", "0") == "0"


def plugins_that_warn() -> Plugins:
    """The plugins; what one changes of what all share is warned of, and an observer that fails while a run goes on."""
    from ganlab.plugins import Plugins

    def warn(message: str) -> None:
        with warnings_shown():
            log.warning("%s", message)

    return Plugins(report=warn, tried=True)


def play(
    session: Session,
    recipe: Recipe,
    plugins: Plugins,
    directory: RunDirectory,
    *,
    device: str,
    as_json: bool,
    recipe_name: str = "",
    resume: bool = False,
    healthy: bool = False,
    allowed: frozenset[str] = frozenset(),
) -> int:
    """Play in the directory, which is locked, and return the exit status of how it ended. `allowed` is what `--allow`
    named."""
    session.run = directory.path
    try:
        from ganlab.assemble.memory import bounded_memory
        from ganlab.assemble.runs import play_run
        from ganlab.cli.console import Console, JsonConsole
        from ganlab.engine import distributed

        stacks = stacks_in(directory.path / "crash.log") if first_process() else nullcontext()
        shown = nullcontext(JsonConsole()) if as_json else Console()
        with stacks, bounded_memory(), warnings_shown(), shown as console:
            if as_json and first_process():
                say_json({"event": "run", "run": directory.name, "directory": str(directory.path)})
            try:
                outcome = play_run(
                    recipe,
                    plugins,
                    directory,
                    device=device,
                    console=[console],
                    recipe_name=recipe_name,
                    resume=resume,
                    healthy=healthy,
                    allowed=allowed,
                )
            finally:
                distributed.leave()
    except (GanlabError, KeyboardInterrupt):
        if first_process() and not resume:
            directory.abandon()
        raise
    finally:
        directory.unlock()
    if first_process() and not as_json:
        say(str(directory.path))
        for command in next_commands(directory, recipe, outcome.ending):
            say(f"  {command}")
    return STATUS[outcome.ending]


def next_commands(directory: RunDirectory, recipe: Recipe, ending: Ending) -> list[str]:
    """Three commands that make sense now, each complete."""
    runs = directory.path.parent
    name = shlex.quote(directory.name)
    elsewhere = "" if runs == RUNS else f" --runs {shlex.quote(str(runs))}"
    sample = f"ganlab sample {name}{elsewhere} --out {name}.png"
    board = "ganlab board" + ("" if runs == RUNS else f" {shlex.quote(str(runs))}")
    resume = f"ganlab resume {name}{elsewhere}"
    if ending in (Ending.INTERRUPTED, Ending.TERMINATED):
        return [resume, sample, board]
    if ending is Ending.FINISHED:
        return [sample, board, f"{resume} --set {doubled(recipe)}"]
    return [board, sample, f"ganlab recipe check {shlex.quote(str(directory.path / 'recipe.toml'))} --set KEY=VALUE"]


def doubled(recipe: Recipe) -> str:
    """The setting that doubles the budget."""
    if recipe.budget_kimg is not None:
        return f"budget_kimg={2 * recipe.budget_kimg:g}"
    return f"budget_rounds={2 * (recipe.budget_rounds or 0)}"
