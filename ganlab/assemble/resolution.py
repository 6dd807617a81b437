"""From a recipe as written to a recipe that names every option: the form a run directory keeps.

Needs the signatures of components, but none of what they compute, so it runs without torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from ganlab.errors import GanlabError, PluginError, RecipeError, nearest
from ganlab.interfaces.features import FeatureChoice
from ganlab.optimizers import OPTIMIZERS
from ganlab.plugins import Plugins
from ganlab.recipe import AugmentationSetting, Component, Recipe, TermSetting, parse
from ganlab.recipe.parts import LARGEST
from ganlab.recipe.schema import DatasetSetting
from ganlab.recipe.tree import check_plain
from ganlab.recipe.watch import DiagnosticSetting, InterventionSetting
from ganlab.registry import Entry, Origin
from ganlab.validation import MOST_PROBLEMS, dotted, short

TICKS = 50
"""In how many ticks a run is watched unless its recipe says otherwise."""

HERE = Origin(plugin="optimizers", distribution="torch", version="", builtin=True)

OPTIMIZER_ENTRIES: dict[str, Entry[Any]] = {
    name: Entry(kind="optimizers", name=name, factory=factory, origin=HERE) for name, factory in OPTIMIZERS.items()
}
"""One for each, kept, since to read an entry's options costs a millisecond."""


SETTINGS: dict[str, type[Component]] = {"diagnostics": DiagnosticSetting, "interventions": InterventionSetting}
"""What stands beside the options of a component of the watch."""


def resolve(tree: Mapping[str, Any], plugins: Plugins) -> Recipe:
    """The typed recipe with every component's options complete. Raises `RecipeError`, or `PluginError` if nothing but
    names are unknown, with one line per problem, by dotted path: those of the tree and those of components at once."""
    check_plain(tree)
    problems: list[GanlabError] = []
    complete: dict[str, Any]
    try:
        recipe = parse(tree)
    except RecipeError as error:
        problems.append(error)
        complete = deepcopy(dict(tree)) if isinstance(tree, Mapping) else {}
    else:
        complete = recipe.model_dump(mode="json", exclude_none=True)
        complete["watch"].setdefault("tick_kimg", min(recipe.kimg / TICKS, LARGEST))
    for kind, where, settings, component in components(complete):
        own = {key: value for key, value in component.items() if key not in settings}
        try:
            options = find(plugins, kind, component["name"], where).resolve(own, where, settings)
        except GanlabError as error:
            problems.append(error)
            if len(problems) == MOST_PROBLEMS:
                break
            continue
        component.update({key: value for key, value in options.items() if value is not None})
        if kind == "diagnostics" and "features" in component:
            try:
                component["features"] = complete_features(plugins, component["features"], f"{where}.features")
            except GanlabError as error:
                problems.append(error)
    if problems:
        kind_of_error = PluginError if all(isinstance(each, PluginError) for each in problems) else RecipeError
        raise kind_of_error("\n".join(str(problem) for problem in problems))
    return parse(complete)


def find(plugins: Plugins, kind: str, name: str, where: str) -> Entry[Any]:
    """The factory of that name; optimisers are torch's own."""
    if kind != "optimizers":
        try:
            return plugins.find(kind, name)
        except PluginError as error:
            raise PluginError(f"{where}: {error}") from None
    if name not in OPTIMIZERS:
        raise RecipeError(
            f"{where}: no optimizer named '{short(name)}'.{nearest(name, OPTIMIZERS)} "
            f"There are: {', '.join(OPTIMIZERS)}"
        )
    return OPTIMIZER_ENTRIES[name]


def complete_features(plugins: Plugins, choice: FeatureChoice, where: str) -> FeatureChoice:
    """The feature network a diagnostic chose, with all its options; one without options is its name alone."""
    table = {"name": choice} if isinstance(choice, str) else choice
    name = table.get("name")
    if not isinstance(name, str):
        raise RecipeError(f"{where}: expected a name, or a table that begins with one: {{name = 'flatten'}}")
    given = {key: value for key, value in table.items() if key != "name"}
    options = find(plugins, "features", name, where).resolve(given, where)
    complete = {key: value for key, value in options.items() if value is not None}
    return {"name": name, **complete} if complete else name


def settings_of(model: type[Component]) -> frozenset[str]:
    """Keys of a component's table that belong to where it stands."""
    return frozenset(model.model_fields)


Found = tuple[str, str, frozenset[str], dict[str, Any]]


def components(tree: dict[str, Any]) -> Iterator[Found]:
    """Every component of the recipe: its kind, dotted path, keys that are not its options, and its table. Bears a tree
    that is not well formed, and passes over what is no component."""
    for kind, where, model, value in _places(tree):
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            yield kind, where, settings_of(model), value


def _places(tree: Any) -> Iterator[tuple[str, str, type[Component], Any]]:
    yield from _game(tree, "")
    for name, player in _items(tree, "players"):
        for kind, key in (("architectures", "architecture"), ("optimizers", "optimizer")):
            yield kind, f"players.{dotted([name])}.{key}", Component, _at(player, key)
    for name, each in _items(tree, "augmentations"):
        yield "augmentations", f"augmentations.{dotted([name])}", AugmentationSetting, each
    watch = _at(tree, "watch")
    for kind in ("diagnostics", "monitors", "interventions", "reporters"):
        model = SETTINGS.get(kind, Component)
        for name, each in _items(watch, kind):
            yield kind, f"watch.{kind}.{dotted([name])}", model, each
    for name, stage in _items(tree, "stages"):
        yield from _game(stage, f"stages.{dotted([name])}.")


def _game(tree: Any, where: str) -> Iterator[tuple[str, str, type[Component], Any]]:
    """What the recipe and a stage may both say."""
    for kind, key in (("tasks", "task"), ("datasets", "dataset"), ("losses", "loss")):
        yield kind, f"{where}{key}", Component, _at(tree, key)
    for name, each in _items(tree, "datasets"):
        yield "datasets", f"{where}datasets.{dotted([name])}", DatasetSetting, each
    for name, view in _items(tree, "views"):
        yield "losses", f"{where}views.{dotted([name])}.loss", Component, _at(view, "loss")
    for name, each in _items(tree, "terms"):
        yield "terms", f"{where}terms.{dotted([name])}", TermSetting, each


def _at(tree: Any, key: str) -> Any:
    return tree.get(key) if isinstance(tree, dict) else None


def _items(tree: Any, key: str) -> list[tuple[str, Any]]:
    """What stands in a table or a list, by what --set calls it."""
    value = _at(tree, key)
    if isinstance(value, dict):
        return list(value.items())
    if not isinstance(value, list):
        return []
    return [(str(_at(each, "label") or _at(each, "name") or number), each) for number, each in enumerate(value)]
