"""`ganlab resume`: go on with a run, bit for bit as if it had never ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli import parameters
from ganlab.cli.difference import differing
from ganlab.cli.failures import Session
from ganlab.cli.output import say, say_json
from ganlab.cli.playing import as_tree, doubled, first_process, play, plugins_that_warn
from ganlab.cli.words import printable
from ganlab.errors import RecipeError
from ganlab.values import Ending

if TYPE_CHECKING:
    from ganlab.recipe import Recipe

FROZEN = re.compile(
    r"seed|counted|(stages\.[^.]+\.)?(task|datasets?)(\..+)?|players\.[^.]+\.architecture\..+|stages\.[^.]+\.name"
)
"""Keys that make a run what it is; with another value it would be another run."""


@click.command("resume")
@parameters.run
@parameters.settings
@parameters.runs
@parameters.device
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per tick instead of progress.")
@click.pass_obj
def command(session: Session, run: str, settings: tuple[str, ...], runs: Path, device: str, as_json: bool) -> int:
    """Go on with RUN, a run's name or its directory, from its newest checkpoint.

    With --set budget_kimg=N a finished run goes on too. The task, the data, the architectures and the seed stay.
    """
    from ganlab.assemble.resolution import resolve
    from ganlab.recipe import override, read_toml

    plugins = plugins_that_warn()
    directory = RunDirectory.find(run, runs)
    written = read_toml(directory.path / "recipe.toml")
    before, recipe = resolve(written, plugins), resolve(override(written, settings), plugins)
    changes = differing(as_tree(before), as_tree(recipe))
    refuse_frozen(changes)
    outcome = directory.outcome() or {}
    if outcome.get("ending") == Ending.FINISHED and spent(recipe, outcome):
        told = f"its budget of {outcome['kimg']:g} kimg is spent; go on with --set {doubled(recipe)}"
        if as_json:
            say_json({"event": "outcome", **outcome})
        else:
            say(f"run '{directory.name}' is finished: {told}")
        return 0
    directory.check_checkpoint()
    if first_process():
        directory.lock()
        for key, (old, new) in changes.items():
            click.echo(printable(f"ganlab: note: {key} was {old}, is {new}"), err=True)
    return play(session, recipe, plugins, directory, device=device, as_json=as_json, resume=True)


def refuse_frozen(changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Raise `RecipeError`, a line for each change that would make it another run."""
    problems = [
        f"{key}: was {old}, and cannot become {new} in a run that has begun; start another with 'ganlab run'"
        for key, (old, new) in changes.items()
        if FROZEN.fullmatch(key)
    ]
    if problems:
        raise RecipeError("\n".join(problems))


def spent(recipe: Recipe, outcome: Mapping[str, Any]) -> bool:
    """True if the run has shown all that the budget asks for."""
    if recipe.budget_rounds is not None:
        return bool(outcome["round"] >= recipe.budget_rounds)
    return bool(outcome["kimg"] >= (recipe.budget_kimg or 0))
