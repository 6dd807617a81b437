"""`ganlab run`: from a recipe to a run."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganlab.assemble.changes import as_tree
from ganlab.assemble.run_directory import RunDirectory
from ganlab.assemble.run_place import check_place
from ganlab.cli import parameters
from ganlab.cli.failures import Session
from ganlab.cli.output import say
from ganlab.cli.playing import first_process, play, plugins_that_warn
from ganlab.cli.several import claimed, members, play_several, seeds_of
from ganlab.errors import RecipeError, nearest

if TYPE_CHECKING:
    from ganlab.plugins import Plugins
    from ganlab.recipe import Recipe
    from ganlab.recipe.layers import Tree

DEFAULT = "digits"


@click.command("run")
@click.argument("recipe", default=DEFAULT, shell_complete=parameters.complete_recipe)
@parameters.settings
@click.option("--name", help="What the run is called; made from the recipe and the time if left out.")
@parameters.runs
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Short for --set seed=N.")
@click.option(
    "--seeds",
    callback=seeds_of,
    metavar="A-B",
    help="Play all these seeds at once, as runs NAME-A to NAME-B: small games take little longer than one.",
)
@click.option(
    "--vary",
    "varied",
    multiple=True,
    metavar="KEY=[V,V]",
    help="Play the recipe with each of these values, as runs NAME-V; given again, with every combination; all at once.",
)
@parameters.device
@click.option("--dry-run", is_flag=True, help="Print the complete recipe as TOML and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per tick instead of progress.")
@click.pass_obj
def command(
    session: Session,
    recipe: str,
    settings: tuple[str, ...],
    name: str | None,
    runs: Path,
    seed: int | None,
    seeds: range | None,
    varied: tuple[str, ...],
    device: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Play RECIPE, the name of a recipe or a .toml file, from its first round.

    The recipe is checked, and the run's directory claimed, before anything heavy is loaded. Ctrl-C ends the run after
    the round with a checkpoint; 'ganlab resume' goes on from there.
    """
    if seeds is not None and seed is not None:
        raise click.UsageError("--seeds does not go with --seed")
    if (seeds is not None or varied) and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise click.UsageError("neither --seeds nor --vary goes with several processes")
    several = members(varied, seeds)
    endings = [each.ending for each in several if each.ending]
    if first_process() and not dry_run:
        check_place(runs, f"{name}-{endings[-1]}" if name is not None and endings else name)

    from ganlab.recipe import to_toml

    plugins = plugins_that_warn()
    common = [*settings, *([] if seed is None else [f"seed={seed}"])]
    made = {
        each: checked(recipe, [*common, *each], plugins) for each in dict.fromkeys(each.settings for each in several)
    }
    recipes = [with_seed(made[each.settings], each.seed) for each in several]
    if dry_run:
        say(to_toml(as_tree(recipes[0])).rstrip("\n"))
        return 0
    recipe_name = named(recipe)
    if endings:
        directories = claimed(runs, name, recipe_name, endings)
        return play_several(
            session, recipes, plugins, directories, device=device, as_json=as_json, recipe_name=recipe_name
        )
    if first_process():
        directory = RunDirectory.claim(runs, name, recipe_name)
    else:  # only the first process writes, so that only the first needs to know the name
        directory = RunDirectory(runs / (name or recipe_name))
    return play(session, recipes[0], plugins, directory, device=device, as_json=as_json, recipe_name=recipe_name)


def with_seed(recipe: Recipe, seed: int | None) -> Recipe:
    """The same with another seed, if one is given."""
    return recipe if seed is None else recipe.model_copy(update={"seed": seed})


def checked(recipe: str, settings: Sequence[str], plugins: Plugins) -> Recipe:
    """The complete recipe of that name or in that file, changed by `settings`. Raises `RecipeError` or `PluginError`,
    with the lines of the file in which the problems are."""
    from ganlab.assemble.resolution import resolve
    from ganlab.recipe import override
    from ganlab.recipe.lines import told_with_lines

    tree = override(find_recipe(recipe, plugins), settings)
    with told_with_lines(Path(recipe), settings) if is_file(recipe) else nullcontext():
        return resolve(tree, plugins)


def is_file(recipe: str) -> bool:
    """True for what is no name of a recipe."""
    return recipe.endswith(".toml") or os.sep in recipe


def find_recipe(recipe: str, plugins: Plugins) -> Tree:
    """The recipe of that name or in that file, laid over what it extends."""
    from ganlab.recipe import layered, read_toml

    in_file = is_file(recipe)
    if not in_file and Path(f"{recipe}.toml").is_file() and recipe not in plugins.names("recipes", third_party=True):
        raise RecipeError(f"no recipe named '{recipe}', but there is a file: say {recipe}.toml")
    return layered(
        read_toml(Path(recipe) if in_file else recipe_file(recipe, plugins)), lambda name: recipe_file(name, plugins)
    )


def recipe_file(name: str, plugins: Plugins) -> Path:
    """The file of the recipe that is registered under `name`. Raises `RecipeError` if there is none."""
    known = plugins.names("recipes", third_party=False)
    if name not in known and name not in (known := plugins.names("recipes", third_party=True)):
        raise RecipeError(
            f"no recipe named '{name}'.{nearest(name, known)} 'ganlab recipe list' shows all {len(known)}"
        )
    return plugins.find("recipes", name).path


def named(recipe: str) -> str:
    """What runs of the recipe are called, before the time: its name, or its file's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(recipe).stem).strip("-._")
    return name[:40] or "run"
