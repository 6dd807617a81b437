"""From a recipe as written to a recipe that names every option: the form a run directory keeps.

Needs the signatures of components, but none of what they compute, so it runs without torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ganlab.errors import GanlabError, PluginError, RecipeError, nearest
from ganlab.optimizers import OPTIMIZERS
from ganlab.plugins import Plugins
from ganlab.recipe import AugmentationSetting, Component, Recipe, TermSetting, parse
from ganlab.recipe.schema import DatasetSetting, DiagnosticSetting
from ganlab.registry import Entry, Origin

HERE = Origin(plugin="optimizers", distribution="torch", version="", builtin=True)


def resolve(tree: Mapping[str, Any], plugins: Plugins) -> Recipe:
    """The typed recipe with every component's options complete. Raises `RecipeError` or `PluginError` with one line
    per problem, by dotted path."""
    recipe = parse(tree)
    complete = recipe.model_dump(mode="json", exclude_none=True)
    problems: list[GanlabError] = []
    for kind, where, settings, component in components(complete):
        own = {key: value for key, value in component.items() if key not in settings}
        try:
            options = find(plugins, kind, component["name"], where).resolve(own, where)
        except GanlabError as error:
            problems.append(error)
            continue
        component.update({key: value for key, value in options.items() if value is not None})
    if problems:
        kind_of_error = PluginError if all(isinstance(each, PluginError) for each in problems) else RecipeError
        raise kind_of_error("\n".join(str(problem) for problem in problems))
    return parse(complete)


def find(plugins: Plugins, kind: str, name: str, where: str) -> Entry[Any]:
    """The factory of that name; optimisers are torch's own."""
    if kind != "optimizers":
        return plugins.find(kind, name)
    if name not in OPTIMIZERS:
        raise RecipeError(
            f"{where}: no optimizer named '{name}'.{nearest(name, OPTIMIZERS)} There are: {', '.join(OPTIMIZERS)}"
        )
    return Entry(kind="optimizers", name=name, factory=OPTIMIZERS[name], origin=HERE)


def settings_of(model: type[Component]) -> frozenset[str]:
    """Keys of a component's table that belong to where it stands."""
    return frozenset(model.model_fields)


def components(tree: dict[str, Any]) -> Iterator[tuple[str, str, frozenset[str], dict[str, Any]]]:
    """Every component of the recipe: its kind, dotted path, keys that are not its options, and its table."""
    plain, watch = settings_of(Component), tree["watch"]
    yield from _game(tree, "")
    for name, player in tree["players"].items():
        yield "architectures", f"players.{name}.architecture", plain, player["architecture"]
        yield "optimizers", f"players.{name}.optimizer", plain, player["optimizer"]
    for number, each in enumerate(tree["augmentations"]):
        yield "augmentations", f"augmentations.{number}", settings_of(AugmentationSetting), each
    for kind, settings in (
        ("diagnostics", settings_of(DiagnosticSetting)),
        ("monitors", plain),
        ("interventions", plain),
        ("reporters", plain),
    ):
        for number, each in enumerate(watch[kind]):
            yield kind, f"watch.{kind}.{number}", settings, each
    for number, stage in enumerate(tree["stages"]):
        yield from _game(stage, f"stages.{number}.")


def _game(tree: dict[str, Any], where: str) -> Iterator[tuple[str, str, frozenset[str], dict[str, Any]]]:
    """What the recipe and a stage may both say."""
    for kind, key in (("tasks", "task"), ("datasets", "dataset"), ("losses", "loss")):
        if key in tree:
            yield kind, f"{where}{key}", settings_of(Component), tree[key]
    for name, each in tree.get("datasets", {}).items():
        yield "datasets", f"{where}datasets.{name}", settings_of(DatasetSetting), each
    for name, view in tree.get("views", {}).items():
        if "loss" in view:
            yield "losses", f"{where}views.{name}.loss", settings_of(Component), view["loss"]
    for number, each in enumerate(tree.get("terms", [])):
        yield "terms", f"{where}terms.{each.get('label', number)}", settings_of(TermSetting), each
