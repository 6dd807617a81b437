"""Every key of every built-in recipe: left out, misspelt, or with a value of another kind or size."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab.recipe import Recipe
from tests.fuzz.recipes import NAMES, RECIPES, Place, answer, called, examples, places, renamed, with_value, without

PLACES = [(name, path) for name in NAMES for path, _ in places(RECIPES[name])]
KEYS = [(name, path) for name, path in PLACES if isinstance(path[-1], str)]

FREE = ("players", "views", "datasets", "judgements")
"""Tables whose keys are names of the game's, which is not known yet."""

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    3,
    2**31,
    2**40 + 1,
    2**63 - 1,
    2**63,
    -(2**70),
    10**300,
    0.0,
    -0.5,
    5e-324,
    1e308,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "x",
    "nan",
    "true",
    "1",
    "\0",
    "\ud800",
    "hindge" * 100,
    [],
    [[]],
    [1, "a", None],
    {},
    {"name": "x"},
    {"name": 3},
    {"name": ["x"]},
    {"": {}},
    {"start": 1, "end": 1e308},
]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_is_left_out_has_a_default_or_is_asked_for(name: str) -> None:
    for path in [path for each, path in KEYS if each == name]:
        told = answer(without(RECIPES[name], path))
        assert isinstance(told, Recipe) or any(speaks_of(line, name, path) for line in told.split("\n")), (path, told)


def typos(key: str) -> list[str]:
    """The slips of a hand: a letter left out, twice, or changed with its neighbour."""
    middle = len(key) // 2
    return [key[:middle] + key[middle + 1 :], key[:middle] + key[middle] * 2 + key[middle + 1 :], swapped(key)]


def swapped(key: str) -> str:
    """The first two letters that differ, the other way round."""
    for place, (one, other) in enumerate(pairwise(key)):
        if one != other:
            return key[:place] + other + one + key[place + 2 :]
    return key + key


@pytest.mark.parametrize("name", NAMES)
def test_a_misspelt_key_is_refused_with_the_nearest_there_is(name: str) -> None:
    for path in [path for each, path in KEYS if each == name and not (len(path) > 1 and path[-2] in FREE)]:
        if path[-1] == "label":  # what it stands in is called by it
            continue
        for typo in typos(str(path[-1])):
            told = answer(renamed(RECIPES[name], path, typo))
            assert isinstance(told, str), (path, typo)
            place = called(RECIPES[name], path[:-1]), ".".join(map(str, path[:-1]))
            lines = [
                line
                for line in told.split("\n")
                if line.startswith(tuple(f"{each}." if each else "" for each in place))
            ]
            named = [line for line in lines if typo in line and "Did you mean" in line]
            assert any(f"'{path[-1]}'" in line or f"{path[-1]}: is missing" in line for line in named), (
                path,
                typo,
                told,
            )


@examples(3000)
@given(st.sampled_from(PLACES), st.sampled_from(VALUES))
def test_another_value_is_taken_or_refused_by_its_key(place: tuple[str, Place], value: Any) -> None:
    name, path = place
    told = answer(with_value(RECIPES[name], path, value))
    assert isinstance(told, Recipe) or any(speaks_of(line, name, path) for line in told.split("\n")), told


@examples(500)
@given(st.sampled_from(NAMES), st.data())
def test_several_mistakes_are_all_told(name: str, data: st.DataObject) -> None:
    """Each in a part of its own: what is wrong with one does not hide what is wrong with the other."""
    wrong = data.draw(st.lists(st.sampled_from(sorted(RECIPES[name])), min_size=2, max_size=4, unique=True))
    tree = dict(RECIPES[name])
    for key in wrong:
        tree[key] = {"no such key": 1} if key != "about" else 3
    told = answer(tree)
    assert isinstance(told, str)
    assert all(any(line.startswith(key) for line in told.split("\n")) for key in wrong), told


def speaks_of(line: str, name: str, path: Place) -> bool:
    """True if the line begins with the path, or what lies in it, or if a sentence about the whole names the key.

    A component that is not found is told by where it stands, and one in a list by the name it was given.
    """
    begun, tree = line.partition(": ")[0], RECIPES[name]
    wanted = {".".join(map(str, path)), called(tree, path)}
    if len(path) > 1:
        wanted.add(f"{called(tree, path[:-1])}.{path[-1]}")
    if path[-1] in ("name", "label"):
        wanted |= {called(tree, path[:-1]), ".".join(map(str, path[:-1]))}
        wanted |= {called(tree, path[:-2])} if isinstance(path[-2], int) else set()
    if isinstance(path[-1], int):
        wanted.add(called(tree, path[:-1]))
    if any(begun == each or begun.startswith(f"{each}.") for each in wanted):
        return True
    above = ".".join(map(str, path[:-1]))
    return begun in (line, above) and re.search(rf"\b{path[-1]}\b", line) is not None
