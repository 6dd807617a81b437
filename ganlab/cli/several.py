"""`ganlab run --seeds --vary`: seeds and settings of a recipe, played as one where they can be, each its own run."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli.failures import Session
from ganlab.cli.output import say, say_json
from ganlab.cli.playing import STATUS, log, next_commands, warnings_shown
from ganlab.errors import GanlabError, RecipeError
from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.validation import short
from ganlab.values import Ending, Outcome, Picture, Progress, Tick
from ganlab.watchdog import stacks_in

if TYPE_CHECKING:
    from ganlab.cli.console import Console
    from ganlab.plugins import Plugins
    from ganlab.recipe import Recipe

MOST = 1000
"""Seeds, or runs, at once."""

LONGEST = 20
"""Letters of a value that a run is called after; longer ones are numbered."""


@dataclass(frozen=True)
class Member:
    """One of several runs: the end of its name, its settings beside those of all, and its seed if that is not the
    recipe's."""

    ending: str
    settings: tuple[str, ...]
    seed: int | None


def seeds_of(context: click.Context, parameter: click.Parameter, value: str | None) -> range | None:
    """The seeds in "A-B", both counted."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,10})-(\d{1,10})", value)
    first, last = map(int, found.groups()) if found else (1, 0)
    if not first <= last < min(2**31, first + MOST):
        raise click.BadParameter(f"'{value}' is no row of at most {MOST} seeds; expected A-B, such as 0-15")
    return range(first, last + 1)


def members(varied: Sequence[str], seeds: Sequence[int] | None) -> list[Member]:
    """Every combination of what is varied, with every seed; a single one if there is neither. Raises `RecipeError`."""
    choices = [alternatives(each) for each in varied]
    each_seed: Sequence[int | None] = [None] if seeds is None else seeds
    count = math.prod(map(len, [*choices, each_seed]))
    if count > MOST:
        raise RecipeError(f"{count} runs at once; at most {MOST} can be")
    return [
        Member(
            "-".join([*(name for name, _ in chosen), *([] if seed is None else [str(seed)])]),
            tuple(setting for _, setting in chosen),
            seed,
        )
        for chosen in product(*choices)
        for seed in each_seed
    ]


def alternatives(varied: str) -> list[tuple[str, str]]:
    """What "KEY=[VALUE,VALUE]" may be: what a run is called by it, and the setting. Raises `RecipeError`."""
    from ganlab.recipe import value_of
    from ganlab.recipe.settings import inline

    key, _, text = varied.partition("=")
    values = value_of(text.strip())
    if not isinstance(values, list) or not values:
        raise RecipeError(
            f"--vary {short(varied)}: expected a key and a list of values, "
            "such as players.generator.optimizer.lr=[1e-4,1e-3]"
        )
    told = [inline(each, key) for each in values]
    names = [re.sub(r"[^A-Za-z0-9._-]+", "-", re.sub(r'[\[\]{}" ]+', "", each)) for each in told]
    if len(set(names)) < len(names) or max(map(len, names)) > LONGEST:
        names = [str(number) for number in range(len(names))]
    return [(name, f"{key}={each}") for name, each in zip(names, told, strict=True)]


def claimed(runs: Path, name: str | None, recipe_name: str, endings: Sequence[str]) -> list[RunDirectory]:
    """A directory for each ending of the name, or none at all."""
    stem = name or f"{recipe_name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    directories: list[RunDirectory] = []
    try:
        for ending in endings:
            directories.append(RunDirectory.claim(runs, f"{stem}-{ending}", recipe_name))
    except BaseException:
        for each in directories:
            each.abandon()
        raise
    return directories


def play_several(
    session: Session,
    recipes: Sequence[Recipe],
    plugins: Plugins,
    directories: Sequence[RunDirectory],
    *,
    device: str,
    as_json: bool,
    recipe_name: str,
) -> int:
    """Play each recipe in its directory, which is locked. Returns the exit status of the first that did not finish."""
    session.run = directories[0].path
    names = [each.name for each in directories]

    def tell(number: int, outcome: Outcome) -> None:
        if outcome.ending is not Ending.FINISHED:
            log.info("%s: %s: %s", names[number], outcome.ending, outcome.sentence)

    try:
        from ganlab.assemble.memory import bounded_memory
        from ganlab.assemble.runs import play_runs
        from ganlab.cli.console import Console, JsonConsole

        with ExitStack() as stack:
            for watch in (stacks_in(directories[0].path / "crash.log"), bounded_memory(), warnings_shown()):
                stack.enter_context(watch)
            shared = None if as_json else SharedConsole(stack.enter_context(Console()), names)
            for each in directories if as_json else ():
                say_json({"event": "run", "run": each.name, "directory": str(each.path)})
            outcomes = play_runs(
                recipes,
                plugins,
                directories,
                device=device,
                consoles=[JsonConsole(run=name) if shared is None else Voice(shared, name) for name in names],
                recipe_name=recipe_name,
                tell=tell,
            )
    except (GanlabError, KeyboardInterrupt):
        for each in directories:
            each.abandon()
        raise
    finally:
        for each in directories:
            each.unlock()
    if not as_json:
        for directory, outcome in zip(directories, outcomes, strict=True):
            say(f"{directory.path}{'' if outcome.ending is Ending.FINISHED else f'  {outcome.ending}'}")
        for command in next_commands(directories[0], recipes[0], outcomes[0].ending):
            say(f"  {command}")
    return next((status for each in outcomes if (status := STATUS[each.ending])), 0)


class SharedConsole:
    """One console for several runs: the first that still plays tells how far they are; findings of all are printed."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._console = console
        self._playing = list(names)
        self._started = False

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        if not self._started:
            self._started = True
            self._console.start(replace(run, name=f"{self._playing[0]} to {self._playing[-1]}"), progress, real)

    def tick(self, name: str, tick: Tick) -> None:
        told = replace(
            tick,
            findings=tuple(replace(each, monitor=f"{name}, {each.monitor}") for each in tick.findings),
            deeds=tuple(replace(each, intervention=f"{name}, {each.intervention}") for each in tick.deeds),
        )
        if name == self._playing[0] or told.findings or told.deeds:
            self._console.tick(told)

    def end(self, name: str, outcome: Outcome) -> None:
        self._playing.remove(name)
        if not self._playing:
            self._console.end(outcome)


class Voice(Reporter):
    """What one run tells the console that it shares."""

    def __init__(self, shared: SharedConsole, name: str) -> None:
        self._shared = shared
        self._name = name

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """The first of all to start is told of."""
        self._shared.start(run, progress, real)

    def tick(self, tick: Tick) -> None:
        """A tick of this run."""
        self._shared.tick(self._name, tick)

    def end(self, outcome: Outcome) -> None:
        """This run has ended."""
        self._shared.end(self._name, outcome)
