"""How a recipe's layers are read and laid over one another: built-in, file, `--set`."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganlab.errors import RecipeError, nearest
from ganlab.recipe.tree import MOST_LEVELS, check_plain
from ganlab.validation import dotted, short, shown

MOST_BYTES = 1 << 20

Tree = dict[str, Any]

PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
LONG_KEY = re.compile(rf"""(?<![\w."'-])(?:{PART}){{{MOST_LEVELS}}}""")
"""A dotted key of more parts than a recipe has levels: Python's reader takes the square of their number in time."""


def read_toml(path: Path) -> Tree:
    """The tree in a TOML file. Raises `RecipeError` with the line and column of a mistake."""
    try:
        text = _read(path).decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: is not UTF-8 text; give a .toml file") from None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); give a readable .toml file") from None
    except ValueError as error:  # a path that cannot be one
        raise RecipeError(f"{path}: cannot be read ({error}); give a readable .toml file") from None
    try:
        if LONG_KEY.search(text):
            raise RecursionError
        tree = tomllib.loads(text)
        check_plain(tree)
    except ValueError as error:  # of tomllib, or of an integer with thousands of digits
        raise RecipeError(f"{path}: {error}") from None
    except RecursionError:
        raise RecipeError(f"{path}: nested too deeply; at most {MOST_LEVELS} levels") from None
    except RecipeError as error:
        raise RecipeError("\n".join(f"{path}: {line}" for line in str(error).split("\n"))) from None
    return tree


def _read(path: Path) -> bytes:
    """The file's bytes, without waiting for what is no file."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise RecipeError(f"{path}: is no plain file; give a .toml file")
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise RecipeError(f"{path}: larger than 1 MiB; a recipe is a page of text")
    return raw


def layered(tree: Tree, find: Callable[[str], Path]) -> Tree:
    """`tree` laid over the built-in recipe it names under `extends`, if any, and so on down."""
    seen: list[str] = []
    while "extends" in tree:
        name = tree.pop("extends")
        if not isinstance(name, str) or name in seen:
            raise RecipeError(
                f"extends: {shown(name)} is not the name of another recipe; 'ganlab recipe list' shows them"
            )
        seen.append(name)
        tree = _merge(read_toml(find(name)), tree)
    return tree


def override(tree: Tree, settings: Sequence[str]) -> Tree:
    """`tree` with each `dotted.key=value` set; values are TOML, or else text. Items of a list are named by their
    `name` or `label`, or numbered from 0."""
    for given in settings:
        setting = _decoded(given)
        key, equals, text = setting.partition("=")
        path, told = [part.strip() for part in key.split(".")], f"--set {short(setting)}"
        if not equals or not all(path):
            raise RecipeError(f"{told}: expected key=value, such as players.generator.optimizer.lr=1e-3")
        if len(path) > MOST_LEVELS:
            raise RecipeError(f"{told}: nested too deeply; at most {MOST_LEVELS} levels")
        value = value_of(text.strip())
        check_plain(value, dotted(path))
        if path[0] == "watch" and len(path) > 2:
            tree = _watched(tree, path[1])
        tree = _set(tree, path, value, told)
    return tree


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML text that a terminal shows as it is. Keys without a value are left out: TOML has no null."""
    import tomli_w

    plain = _without_none(tree)
    text = tomli_w.dumps(plain)
    if "\\r" not in text:  # in a text of several lines, tomli_w loses which kind of line break it was
        text = tomli_w.dumps(plain, multiline_strings=True)
    return re.sub(r"[^\n -~]", lambda letter: letter[0] if letter[0].isprintable() else _escaped(letter[0]), text)


def _escaped(letter: str) -> str:
    """As TOML writes a letter that moves the cursor or turns the direction of writing."""
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _decoded(setting: str) -> str:
    """What was typed, if the shell has not said its encoding and Python therefore kept the bytes in disguise."""
    with suppress(UnicodeError):
        return os.fsencode(setting).decode()
    return setting


def value_of(text: str) -> Any:
    """What a text says as TOML, or else the text itself."""
    if len(text) > MOST_BYTES or LONG_KEY.search(text):
        return text
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    # With a line break in it, it might say more than its value.
    return read["value"] if len(read) == 1 else text


def _watched(tree: Tree, key: str) -> Tree:
    """The tree with the standard list under `watch.key` written out, where it has none, so that items can be named."""
    from ganlab.recipe.watch import WatchSetting

    watch = tree.get("watch", {})
    standard = WatchSetting().model_dump(exclude_none=True).get(key)
    if not isinstance(watch, dict) or key in watch or not isinstance(standard, list):
        return tree
    return {**tree, "watch": {**watch, key: standard}}


def _set(node: Any, path: list[str], value: Any, told: str) -> Any:
    if not path:
        return _merge(node, value) if isinstance(node, dict) and isinstance(value, dict) else value
    key, rest = path[0], path[1:]
    if isinstance(node, list):
        index = _position(node, key, told)
        return [*node[:index], _set(node[index], rest, value, told), *node[index + 1 :]]
    if not isinstance(node, Mapping):
        raise RecipeError(f"{told}: '{short(key)}' stands below something that has no keys")
    return _merge(node, {key: _set(node.get(key, {} if rest else None), rest, value, told)})


def _position(items: list[Any], key: str, told: str) -> int:
    if key.isdecimal() and len(key) < 10 and int(key) < len(items):
        return int(key)
    called = [
        item.get("label", item.get("name", item.get("player"))) if isinstance(item, dict) else item for item in items
    ]
    found = [index for index, name in enumerate(called) if name == key]
    if len(found) == 1:
        return found[0]
    problem = "several are" if found else "none is"
    raise RecipeError(
        f"{told}: {problem} called '{short(key)}'.{nearest(key, map(str, called))} "
        f"There are: {short(', '.join(map(str, called)), 200) or 'none'}"
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
