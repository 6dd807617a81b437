"""How a recipe's layers are read and laid over one another: built-in, file, `--set`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganlab.errors import RecipeError, nearest

MAX_BYTES = 1 << 20
MAX_DEPTH = 32

Tree = dict[str, Any]


def read_toml(path: Path) -> Tree:
    """The tree in a TOML file. Raises `RecipeError` with the line and column of a mistake."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RecipeError(f"{path}: larger than 1 MiB; a recipe is a page of text")
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); give a readable .toml file") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: is not UTF-8 text; give a .toml file") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: {error}") from None
    except RecursionError:
        raise RecipeError(f"{path}: nested too deeply; at most {MAX_DEPTH} levels") from None
    if _depth(tree) > MAX_DEPTH:
        raise RecipeError(f"{path}: nested too deeply; at most {MAX_DEPTH} levels")
    return tree


def layered(tree: Tree, find: Callable[[str], Path]) -> Tree:
    """`tree` laid over the built-in recipe it names under `extends`, if any, and so on down."""
    seen: list[str] = []
    while "extends" in tree:
        name = tree.pop("extends")
        if not isinstance(name, str) or name in seen:
            raise RecipeError(f"extends: {name!r} is not the name of another recipe; 'ganlab recipe list' shows them")
        seen.append(name)
        tree = _merge(read_toml(find(name)), tree)
    return tree


def override(tree: Tree, settings: Sequence[str]) -> Tree:
    """`tree` with each `dotted.key=value` set; values are TOML, or else text. Items of a list are named by their
    `name` or `label`, or numbered from 0."""
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not all(part.strip() for part in path.split(".")):
            raise RecipeError(f"--set {setting}: expected key=value, such as players.generator.optimizer.lr=1e-3")
        tree = _set(tree, [part.strip() for part in path.split(".")], _value(text.strip()), setting)
    return tree


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML text. Keys without a value are left out: TOML has no null."""
    import tomli_w

    return tomli_w.dumps(_without_none(tree), multiline_strings=True)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _set(node: Any, path: list[str], value: Any, setting: str) -> Any:
    if not path:
        return _merge(node, value) if isinstance(node, dict) and isinstance(value, dict) else value
    key, rest = path[0], path[1:]
    if isinstance(node, list):
        index = _position(node, key, setting)
        return [*node[:index], _set(node[index], rest, value, setting), *node[index + 1 :]]
    if not isinstance(node, Mapping):
        raise RecipeError(f"--set {setting}: '{key}' stands below something that has no keys")
    return _merge(node, {key: _set(node.get(key, {} if rest else None), rest, value, setting)})


def _position(items: list[Any], key: str, setting: str) -> int:
    if key.isdecimal() and int(key) < len(items):
        return int(key)
    called = [
        item.get("label", item.get("name", item.get("player"))) if isinstance(item, dict) else item for item in items
    ]
    found = [index for index, name in enumerate(called) if name == key]
    if len(found) == 1:
        return found[0]
    problem = "several are" if found else "none is"
    raise RecipeError(
        f"--set {setting}: {problem} called '{key}'.{nearest(key, map(str, called))} "
        f"There are: {', '.join(map(str, called)) or 'none'}"
    )


def _merge(below: Any, above: Any) -> Any:
    """`above` laid over `below`. A component with another name starts from its own defaults."""
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    if "name" in below and "name" in above and below["name"] != above["name"]:
        return dict(above)
    return {**below, **{key: _merge(below.get(key), value) for key, value in above.items()}}


def _without_none(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _without_none(value) for key, value in tree.items() if value is not None}
    if isinstance(tree, list | tuple):
        return [_without_none(value) for value in tree]
    return tree


def _depth(tree: Any) -> int:
    level, deepest = [tree], 0
    while level:
        deepest += 1
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        ]
    return deepest
