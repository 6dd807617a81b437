"""From what a person asks for to a plan that can be played: the recipe complete, its objective measured, runs that end
when they are dead, and a space in which there is something to find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.assemble.changes import as_tree
from ganlab.assemble.resolution import resolve
from ganlab.errors import GanlabError, RecipeError
from ganlab.recipe import Recipe, override, to_toml
from ganlab.recipe.settings import as_settings
from ganlab.tune import storage, study_file
from ganlab.tune.plan import OBJECTIVE, Plan
from ganlab.tune.ranges import Ranges, parse
from ganlab.tune.score import measuring

if TYPE_CHECKING:
    from ganlab.plugins import Plugins
    from ganlab.recipe.layers import Tree

LASTING = 0.2
"""The share of its budget for which a run may be sick before it is ended. Of 81 runs of random settings that ended
well, 12 had been sick for a tenth of it and 3 for a fifth; of 159 that ended badly, 111 and 106."""

DRAWS = 30
"""Settings that are tried without being played before a study begins."""


def of_ranges(
    name: str, recipe_name: str, tree: Tree, searches: Sequence[str], plugins: Plugins, objective: str | None = None
) -> Plan:
    """The study of a recipe in which `searches` may vary. Raises `RecipeError`, `PluginError`."""
    if not searches:
        raise RecipeError(
            "what is to be searched? Give --search KEY=LOW..HIGH, such as "
            "--search players.generator.optimizer.lr=log:1e-5..1e-2, or a study file"
        )
    wanted = objective or OBJECTIVE
    given = resolve(tree, plugins)
    whole = as_tree(complete(given, wanted, plugins))
    space = parse(searches, whole, plugins)
    plan = Plan(
        name,
        to_toml(whole),
        recipe_name,
        space,
        given=to_toml(as_tree(given)),
        objective=wanted,
        baseline=baseline(space, whole),
    )
    check_space(plan, plugins)
    return plan


def of_file(
    path: Path, found: study_file.StudyFile, tree: Tree, plugins: Plugins, objective: str | None = None
) -> Plan:
    """The study in that file, about the recipe `tree`. Raises `RecipeError`, `PluginError`."""
    said = found.constants
    wanted = objective or said.OBJECTIVE or OBJECTIVE
    given = resolve(tree, plugins)
    recipe = to_toml(as_tree(complete(given, wanted, plugins)))
    chosen: dict[str, Any] = {
        name: value
        for name in ("seeds", "trials", "fresh_seeds", "rungs", "tolerance", "together", "baseline")
        if (value := getattr(said, name.upper())) is not None
    }
    chosen |= {"given": to_toml(as_tree(given)), "about": found.about, "objective": wanted}
    plan = Plan(path.stem, recipe, said.RECIPE, found.space, **chosen)
    check_space(plan, plugins)
    return plan


def complete(recipe: Recipe, objective: str, plugins: Plugins) -> Recipe:
    """The recipe with a diagnostic for the objective, if it has none, and an end for runs that are dead: at a critical
    finding that lasts, unless the recipe mends what is found itself. TensorBoard's table of runs has the trials."""
    watch = as_tree(recipe)["watch"]
    diagnostic = measuring(objective, plugins.names("diagnostics", third_party=True))
    if diagnostic is not None and all(each["name"] != diagnostic for each in watch["diagnostics"]):
        watch["diagnostics"].append({"name": diagnostic})
    if not watch["interventions"]:
        watch["interventions"].append({"name": "stop", "lasting": LASTING})
    for each in watch["reporters"]:
        if each["name"] == "tensorboard":
            each["hyperparameters"] = False
    return resolve({**as_tree(recipe), "watch": watch}, plugins)


def baseline(space: Ranges, tree: dict[str, Any]) -> dict[str, Any] | None:
    """The parameters that are the recipe as it is; None if one of its values is outside the space."""
    from ganlab.assemble.difference import leaves

    values = dict(leaves(tree))
    found = {each.key: each.param(values.get(each.key)) for each in space.ranges}
    return None if None in found.values() else found


def check_space(plan: Plan, plugins: Plugins) -> None:
    """Raise `RecipeError` if none of a few dozen settings of the space makes a recipe that can be, or if a setting
    names a key that no recipe knows."""
    problems = [problem for problem in (_problem(plan, plugins, number) for number in range(DRAWS)) if problem]
    if len(problems) == DRAWS:
        raise RecipeError(f"none of {DRAWS} settings of the space makes a recipe that can be played: {problems[0]}")
    unknown = next((each for each in problems if "unknown option" in each or "unknown key" in each), None)
    if unknown is not None:
        raise RecipeError(f"the space: {unknown}")


def _problem(plan: Plan, plugins: Plugins, number: int) -> str:
    import optuna

    with storage.quiet():
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=number))
        trial = study.ask()
    settings = as_settings(plan.space(trial))
    try:
        resolve(override(plan.tree, settings), plugins)
    except GanlabError as error:
        return str(error).partition("\n")[0]
    return ""
