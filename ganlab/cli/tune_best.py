"""`ganlab tune best`: the setting to go on with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_wrapped
from ganlab.cli.tune import out_option, storage_option
from ganlab.errors import RecipeError

if TYPE_CHECKING:
    from ganlab.tune.plan import Plan


@click.command("best")
@click.argument("study")
@out_option
@storage_option
@click.option(
    "--export", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.toml", help="Write it as a recipe."
)
@parameters.as_json
def command(study: str, out: Path, storage: str | None, export: Path | None, as_json: bool) -> int:
    """Show the best setting of STUDY beside the recipe as it is, and the commands that played it."""
    from ganlab.cli.tune_told import found, outcome, standing

    opened, plan, _ = found(study, out, storage)
    now = standing(opened, plan)
    if now.best is None:
        raise RecipeError(f"study '{plan.name}' has no setting yet that stayed healthy with all {plan.seeds} seeds")
    if export is not None:
        write(export, plan, now.best.settings)
    if as_json:
        say_json(
            {name: each for name, each in now.told().items() if name in ("study", "best", "baseline", "confirmation")}
        )
        return 0
    for line in outcome(now):
        say_wrapped(line)
    for command_line in now.best.commands:
        say(f"  {command_line}")
    if export is not None:
        say(f"{export}: the recipe; 'ganlab run {export}' plays it")
    return 0


def write(path: Path, plan: Plan, settings: Mapping[str, Any]) -> None:
    """The recipe with these settings. Raises `StorageError`; a file that is there is not touched."""
    from ganlab.cli.tune_told import written
    from ganlab.recipe import override, to_toml
    from ganlab.recipe.settings import as_settings

    if path.exists():
        raise RecipeError(f"--export {path}: is there already; give another name")
    written(to_toml(override(tomllib.loads(plan.given), as_settings(settings))).encode(), path)
