"""In what two recipes differ, key by key, as `--set` spells the keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ABSENT = None
"""What a key has where it is not: TOML knows no null."""

Differences = dict[str, tuple[Any, Any]]


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> Differences:
    """The values of each dotted key that is not the same in both trees. A list of tables whose order alone is not the
    same stands there as the names of its tables."""
    left, right = dict(leaves(before)), dict(leaves(after))
    found = {
        key: (left.get(key, ABSENT), right.get(key, ABSENT))
        for key in [*left, *(key for key in right if key not in left)]
        if left.get(key, ABSENT) != right.get(key, ABSENT)
    }
    orders_before, orders_after = dict(orders(before)), dict(orders(after))
    for key, names in orders_before.items():
        others = orders_after.get(key, names)
        if names != others and sorted(names) == sorted(others):
            found[key] = (names, others)
    return found


def leaves(tree: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted key. Tables of a list go by their label or name; a list of plain values is one
    value."""
    if isinstance(tree, Mapping):
        named: Iterable[tuple[Any, Any]] = tree.items()
    elif _has_tables(tree):
        named = zip(_names(tree), tree, strict=True)
    else:
        yield where, tree
        return
    for key, value in named:
        yield from leaves(value, f"{where}.{key}" if where else str(key))


def orders(tree: Any, where: str = "") -> Iterator[tuple[str, list[str]]]:
    """The names of the tables of each list of tables, in order, with its dotted key."""
    named: Iterable[tuple[Any, Any]] = ()
    if isinstance(tree, Mapping):
        named = tree.items()
    elif _has_tables(tree):
        names = _names(tree)
        named = zip(names, tree, strict=True)
        yield where, names
    for key, value in named:
        yield from orders(value, f"{where}.{key}" if where else str(key))


def _has_tables(tree: Any) -> bool:
    return isinstance(tree, list) and any(isinstance(each, Mapping) for each in tree)


def _names(tables: list[Any]) -> list[str]:
    """What each is called; its number where it has no name of its own."""
    names = [_called(each) if isinstance(each, Mapping) else "" for each in tables]
    return [name if name and names.count(name) == 1 else str(number) for number, name in enumerate(names)]


def _called(table: Mapping[str, Any]) -> str:
    return str(table.get("label", table.get("name", table.get("player", ""))))
