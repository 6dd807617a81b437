"""What the fuzz tests share: the built-in recipes, trees of any kind, and how an answer is judged.

By default each test draws the same examples every time; with GANLAB_FUZZ=20 it draws twenty times as many, at random.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from ganlab.assemble.resolution import resolve
from ganlab.cli.run import find_recipe
from ganlab.errors import GanlabError, PluginError, RecipeError
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe

TIMES = int(os.environ.get("GANLAB_FUZZ", "1"))

PLUGINS = Plugins()
NAMES = PLUGINS.names("recipes", third_party=False)
RECIPES: dict[str, dict[str, Any]] = {name: find_recipe(name, PLUGINS) for name in NAMES}
FILES: dict[str, Path] = {name: PLUGINS.find("recipes", name).path for name in NAMES}

PATIENCE_MILLISECONDS = 5000
MOST_LETTERS = 4000
"""Of a line that a person is to read."""


def examples(count: int, *phases: Phase) -> settings:
    """So many examples, none of which may take longer than `PATIENCE_MILLISECONDS`; in `phases`, all if left out."""
    return settings(
        max_examples=count * TIMES,
        derandomize=TIMES == 1,
        deadline=PATIENCE_MILLISECONDS,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=phases or tuple(Phase),
    )


def answer(tree: Any) -> Recipe | str:
    """The resolved recipe, or what was said against it; anything else that is raised is a bug."""
    try:
        recipe = resolve(tree, PLUGINS)
    except (RecipeError, PluginError) as error:
        return readable(error)
    assert isinstance(recipe, Recipe)
    return recipe


def readable(error: GanlabError) -> str:
    """What it says: lines, none of them empty or endless, and not too many."""
    lines = str(error).split("\n")
    assert 1 <= len(lines) <= 250
    for line in lines:
        assert line.strip(), lines
        assert len(line) <= MOST_LETTERS, line[:200]
    return str(error)


Place = tuple[str | int, ...]


def places(tree: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every key and item of a tree with its value, from the outside in."""
    inside = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inside:
        yield (*path, key), value
        yield from places(value, (*path, key))


def with_value(tree: Any, path: Place, value: Any) -> Any:
    """A copy of the tree with another value there."""
    return changed(tree, path, lambda holder, key: holder.__setitem__(key, value))


def without(tree: Any, path: Place) -> Any:
    """A copy of the tree without what stands there."""
    return changed(tree, path, lambda holder, key: holder.__delitem__(key))


def renamed(tree: Any, path: Place, name: str) -> Any:
    """A copy of the tree in which what stands there has another key."""

    def rename(holder: Any, key: Any) -> None:
        items = [(name if each == key else each, value) for each, value in holder.items()]
        holder.clear()
        holder.update(items)

    return changed(tree, path, rename)


def changed(tree: Any, path: Place, change: Callable[[Any, Any], None]) -> Any:
    copied = dict(tree) if isinstance(tree, Mapping) else list(tree)
    if len(path) == 1:
        change(copied, path[0])
    else:
        copied[path[0]] = changed(copied[path[0]], path[1:], change)
    return copied


def called(tree: Any, path: Place) -> str:
    """The path as `--set` says it: items of a list by their label or name."""
    parts = []
    for part in path:
        tree = tree[part]
        mark = (tree.get("label") or tree.get("name")) if isinstance(part, int) and isinstance(tree, Mapping) else None
        parts.append(str(mark or part))
    return ".".join(parts)


KEYS = sorted(
    {part for tree in RECIPES.values() for path, _ in places(tree) for part in path if isinstance(part, str)}
    | {key for each in Recipe.model_json_schema()["$defs"].values() for key in each.get("properties", {})}
    | set(Recipe.model_fields)
)
"""Keys that mean something somewhere in a recipe."""

COMPONENTS = [
    name
    for kind in ("tasks", "datasets", "losses", "architectures", "terms", "augmentations", "monitors")
    for name in PLUGINS.names(kind, third_party=False)
] + ["adam", "sgd"]

numbers = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.sampled_from([0, -1, 2**31, 2**40, 2**63 - 1, 2**63, -(2**63) - 1, 10**300, 5e-324, 1e308, float("nan")]),
)
texts = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.sampled_from(
        ["", "\0", "\ud800", "\x1b[2J", "\u202e", "\r\n", "a" * 5000, "nan", "../../etc/passwd", *COMPONENTS]
    ),
)
leaves = st.one_of(st.none(), numbers, texts, st.binary(max_size=5), st.dates(), st.complex_numbers())
keys = st.one_of(st.sampled_from(KEYS), texts)
any_keys = st.one_of(keys, st.integers(), st.none(), st.floats(), st.tuples(st.integers()))


def nested(key: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any tree with such keys."""
    return st.recursive(
        leaves,
        lambda inside: st.lists(inside, max_size=4) | st.dictionaries(key, inside, max_size=5) | components(inside),
        max_leaves=8,
    )


def components(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Tables with the name of something that is installed."""
    return st.builds(
        lambda name, more: {**more, "name": name},
        st.sampled_from(COMPONENTS),
        st.dictionaries(keys, inside, max_size=3),
    )
