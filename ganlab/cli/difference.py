"""In what two recipes differ, key by key, as `--set` spells the keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ABSENT = None
"""What a key has where it is not: TOML knows no null."""


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The values of each dotted key that is not the same in both trees."""
    left, right = dict(leaves(before)), dict(leaves(after))
    return {
        key: (left.get(key, ABSENT), right.get(key, ABSENT))
        for key in [*left, *(key for key in right if key not in left)]
        if left.get(key, ABSENT) != right.get(key, ABSENT)
    }


def leaves(tree: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted key. Tables of a list go by their label or name; a list of plain values is one
    value."""
    if isinstance(tree, Mapping):
        named: Iterable[tuple[Any, Any]] = tree.items()
    elif isinstance(tree, list) and any(isinstance(each, Mapping) for each in tree):
        named = zip(_names(tree), tree, strict=True)
    else:
        yield where, tree
        return
    for key, value in named:
        yield from leaves(value, f"{where}.{key}" if where else str(key))


def _names(tables: list[Any]) -> list[str]:
    """What each is called; its number where it has no name of its own."""
    names = [str(each.get("label", each.get("name", each.get("player", "")))) for each in tables]
    return [name if name and names.count(name) == 1 else str(number) for number, name in enumerate(names)]
