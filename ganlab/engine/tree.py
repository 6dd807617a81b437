"""A tree of plain values and tensors as one line of JSON and a table of tensors, and back, exactly.

A tensor stands in the line as {"$t": key}, a float as {"$f": hex} (exact, NaN survives), a dict as {"$d": [[key,
value], ...]} (keys keep their type), a tuple as {"$u": [...]}. Nothing in it can name code, and nothing is read that
would not have been written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from torch import Tensor

MOST_LEVELS = 64
MOST_BRACKETS = 500_000
"""Of lists and tables, 16 MiB of JSON could hold millions, for which Python would take gigabytes."""


def flattened(tree: Mapping[str, Any]) -> tuple[str, dict[str, Tensor]]:
    """The line and the table. Raises `TypeError` for a value of any other type than those above."""
    tensors: dict[str, Tensor] = {}
    return json.dumps(_plain(tree, "", tensors, 0), separators=(",", ":")), tensors


def restored(text: str, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The tree. Raises `ValueError`, `TypeError`, `KeyError`, `RecursionError` or `OverflowError` for what `flattened`
    does not write."""
    if brackets(text.encode()) > MOST_BRACKETS:
        raise ValueError(f"more than {MOST_BRACKETS} lists and tables")
    tree = _restored(json.loads(text, parse_float=_strange, parse_constant=_strange), tensors, 0)
    if not isinstance(tree, dict):
        raise TypeError("the tree is no table")
    return tree


def brackets(text: bytes) -> int:
    """How many lists and tables there are at most in the JSON: a bracket may also stand in a word."""
    return text.count(b"[") + text.count(b"{")


def _plain(value: Any, path: str, tensors: dict[str, Tensor], level: int) -> Any:
    if level > MOST_LEVELS:
        raise TypeError(f"a checkpoint cannot hold {path[:80]}...: nested deeper than {MOST_LEVELS} levels")
    if isinstance(value, Tensor):
        path = path.encode(errors="backslashreplace").decode()  # half a letter is no word of safetensors'
        key, number = path, len(tensors)
        while key in tensors:  # "a/b" may be one key, or two
            key, number = f"{path}#{number}", number + 1
        tensors[key] = value
        return {"$t": key}
    if isinstance(value, float):
        return {"$f": value.hex()}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        pairs = [[_key(key, path), _plain(each, f"{path}/{key}", tensors, level + 1)] for key, each in value.items()]
        return {"$d": pairs}
    if isinstance(value, list | tuple):
        items = [_plain(each, f"{path}/{number}", tensors, level + 1) for number, each in enumerate(value)]
        return items if isinstance(value, list) else {"$u": items}
    raise TypeError(f"a checkpoint cannot hold {path}: {type(value).__name__}")


def _key(key: Any, path: str) -> Any:
    """What may name an entry: a plain value, or a tuple of such."""
    if isinstance(key, tuple):
        return {"$u": [_key(each, path) for each in key]}
    if key is not None and not isinstance(key, bool | int | float | str):
        raise TypeError(f"a checkpoint cannot hold a key of {path or 'the tree'}: {type(key).__name__}")
    return _plain(key, "", {}, 0)


def _restored(value: Any, tensors: Mapping[str, Tensor], level: int) -> Any:
    if level > MOST_LEVELS:
        raise ValueError(f"nested deeper than {MOST_LEVELS} levels")
    if isinstance(value, list):
        return [_restored(each, tensors, level + 1) for each in value]
    if not isinstance(value, dict):
        return value
    ((mark, content),) = value.items()
    if mark == "$t":
        return tensors[content]
    if mark == "$f":
        return float.fromhex(content)
    if not isinstance(content, list) or mark not in ("$d", "$u"):
        raise ValueError(f"unknown mark {mark}")
    if mark == "$d":
        table = {_restored(key, {}, level + 1): _restored(each, tensors, level + 1) for key, each in content}
        if len(table) != len(content):
            raise ValueError("a key stands twice in a table")
        return table
    return tuple(_restored(each, tensors, level + 1) for each in content)


def _strange(text: str) -> NoReturn:
    raise ValueError(f"a number that is written otherwise: {text}")
