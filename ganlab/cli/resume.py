"""`ganlab resume`: go on with a run, bit for bit as if it had never ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.assemble.changes import ALLOWANCES, changed, refuse
from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli import parameters
from ganlab.cli.failures import Session
from ganlab.cli.output import say, say_json
from ganlab.cli.playing import doubled, first_process, log, play, plugins_that_warn, warnings_shown
from ganlab.errors import nearest
from ganlab.values import Ending

if TYPE_CHECKING:
    from ganlab.plugins import Plugins
    from ganlab.recipe import Recipe


def known(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> frozenset[str]:
    """What is allowed, each by a name that means something."""
    for each in value:
        if each not in ALLOWANCES:
            raise click.BadParameter(
                f"'{each}' is nothing to allow.{nearest(each, ALLOWANCES)} There are: {', '.join(ALLOWANCES)}"
            )
    return frozenset(value)


@click.command("resume")
@parameters.run
@parameters.settings
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="WHAT",
    callback=known,
    help=f"Go on with {'; '.join(f'{name}: {told}' for name, told in ALLOWANCES.items())}. May be given again.",
)
@parameters.healthy
@parameters.runs
@parameters.device
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per tick instead of progress.")
@click.pass_obj
def command(
    session: Session,
    run: str,
    settings: tuple[str, ...],
    allowed: frozenset[str],
    healthy: bool,
    runs: Path,
    device: str,
    as_json: bool,
) -> int:
    """Go on with RUN, a run's name or its directory, from its newest checkpoint.

    With --from healthy it goes back to before a trouble; what came after is set aside. It goes wrong again unless
    something is changed. With --set budget_kimg=N a finished run goes on too. Seed, task, data, architectures and batch
    size stay; other changes of the game need '--allow recipe'. Each is kept in provenance.json, with the recipe as it
    was.
    """
    plugins = plugins_that_warn()
    directory = RunDirectory.find(run, runs)
    recipe = wanted(directory, settings, allowed, plugins)
    if not healthy and is_finished(directory, recipe, as_json):
        return 0
    directory.check()
    try:
        if first_process():
            directory.lock()
        recipe = wanted(directory, settings, allowed, plugins)  # again, now that nobody else changes it
        if not healthy and is_finished(directory, recipe, as_json):
            return 0
        fresh = directory.never_played
        if not fresh:
            directory.check_checkpoint()
        if directory.recipe_text() is None:
            with warnings_shown():
                log.warning("recipe.toml is lost; going on with the recipe in the newest checkpoint")
        return play(
            session,
            recipe,
            plugins,
            directory,
            device=device,
            as_json=as_json,
            recipe_name=str(directory.provenance().get("recipe") or ""),
            resume=not fresh,
            healthy=healthy,
            allowed=allowed,
        )
    finally:
        directory.unlock()


def wanted(directory: RunDirectory, settings: tuple[str, ...], allowed: frozenset[str], plugins: Plugins) -> Recipe:
    """The run's recipe with the settings. Raises `RecipeError`, a line for each change that is refused."""
    from ganlab.assemble.kept_recipe import kept_recipe
    from ganlab.assemble.resolution import resolve
    from ganlab.recipe import override

    tree, before = kept_recipe(directory, plugins)
    recipe = resolve(override(tree, settings), plugins)
    refuse(changed(before, recipe), before, allowed)
    return recipe


def is_finished(directory: RunDirectory, recipe: Recipe, as_json: bool) -> bool:
    """True if the run has shown all that its budget asks for; says so."""
    outcome = directory.outcome()
    if outcome is None or outcome["ending"] != Ending.FINISHED or not spent(recipe, outcome):
        return False
    if as_json:
        say_json({"event": "outcome", **outcome})
    else:
        told = f"its budget of {outcome['kimg']:g} kimg is spent; go on with --set {doubled(recipe)}"
        say(f"run '{directory.name}' is finished: {told}")
    return True


def spent(recipe: Recipe, outcome: Mapping[str, Any]) -> bool:
    """True if the run has shown all that the budget asks for."""
    if recipe.budget_rounds is not None:
        return bool(outcome["round"] >= recipe.budget_rounds)
    return bool(outcome["kimg"] >= (recipe.budget_kimg or 0))
