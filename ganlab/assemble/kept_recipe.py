"""The recipe that a run's directory keeps, also where the file is lost or spoilt."""

from __future__ import annotations

from ganlab.assemble.changes import as_tree
from ganlab.assemble.resolution import resolve
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import RecipeError
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe, read_toml
from ganlab.recipe.layers import Tree


def kept_recipe(directory: RunDirectory, plugins: Plugins) -> tuple[Tree, Recipe]:
    """The recipe in `recipe.toml`, as written and resolved; where that is missing, empty or no text, the one in the
    newest checkpoint.

    Raises `RecipeError` in one line if what is written there is no recipe any more: somebody may have meant something
    by it. Nothing heavy is loaded unless a checkpoint has to be asked.
    """
    path = directory.path / "recipe.toml"
    if directory.recipe_text() is None and not path.is_dir():
        recipe = _of_the_checkpoint(directory, plugins)
        return as_tree(recipe), recipe
    try:
        tree = read_toml(path)
        return tree, resolve(tree, plugins)
    except RecipeError as error:
        first, *others = str(error).removeprefix(f"{path}: ").splitlines()
        more = f" (and {len(others)} more)" if others else ""
        raise RecipeError(
            f"{path}: {first}{more}; mend it, or move it away: the newest checkpoint holds the recipe that was played"
        ) from None


def _of_the_checkpoint(directory: RunDirectory, plugins: Plugins) -> Recipe:
    from ganlab.assemble.past import Past

    past = Past.read(directory)
    recipe = past.recipe(plugins)
    if recipe is None:
        raise RecipeError(
            f"{directory.path / 'recipe.toml'}: is lost, and {past.path.name} holds no copy; write it again, or begin "
            "another run"
        )
    return recipe
