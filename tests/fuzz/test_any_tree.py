"""Whatever a program hands in as a recipe: it is one, or it is told what is wrong. Nothing else is raised."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab import RecipeError
from ganlab.recipe import Recipe, parse
from ganlab.recipe.tree import MOST_LEVELS, MOST_VALUES
from tests.fuzz.recipes import KEYS, RECIPES, answer, any_keys, examples, keys, leaves, nested, with_value


@examples(1200)
@given(nested(any_keys))
def test_any_tree_is_a_recipe_or_an_error(tree: Any) -> None:
    answer(tree)


@examples(800)
@given(st.dictionaries(st.sampled_from(sorted(Recipe.model_fields)), nested(keys), max_size=4))
def test_any_tree_of_the_right_keys_is_a_recipe_or_an_error(tree: Any) -> None:
    answer(tree)


@examples(800)
@given(st.sampled_from(sorted(RECIPES)), st.sampled_from(KEYS), nested(keys) | leaves)
def test_a_recipe_with_anything_added_is_a_recipe_or_an_error(name: str, key: str, value: Any) -> None:
    answer(with_value(RECIPES[name], (key,), value))


def ring(**changes: Any) -> dict[str, Any]:
    return {**RECIPES["ring"], **changes}


def test_a_tree_that_holds_itself_is_refused() -> None:
    tree = ring()
    tree["views"] = tree
    assert "nested too deeply" in str(answer(tree))
    items: list[Any] = []
    items += [items, items]
    assert "at most" in str(answer(ring(terms=items)))


def test_deep_and_wide_trees_are_refused_before_anything_walks_them() -> None:
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    assert answer(ring(about=deep)) == f"about.0.0: nested too deeply; at most {MOST_LEVELS} levels"
    assert answer(ring(terms=[{"name": "r1", "on": "point"}] * MOST_VALUES)) == (
        f"has more than {MOST_VALUES} values; a recipe is a page of text"
    )


def test_thousands_of_mistakes_are_told_in_a_hundred_lines() -> None:
    told = str(answer(ring(**{f"key{number}": number for number in range(5000)}))).split("\n")
    assert len(told) == 101
    assert told[-1] == "and 4900 more problems"
    unknown = str(answer(ring(terms=[{"name": f"r{number}", "on": "point"} for number in range(2000)]))).split("\n")
    assert len(unknown) == 100


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2**63, "must be an integer of at most 64 bits"),
        pytest.param(10**5000, "must be an integer of at most 64 bits", id="5000-digits"),
        (1e300, "must be a number of at most 1e+30 in size"),
        (-1e31, "must be a number of at most 1e+30 in size"),
        ("a\0b", "must be text without NUL characters"),
        ("\ud800", "must be Unicode text, and holds half a letter"),
        (b"bytes", "not a bytes; put it in quotes"),
        (1j, "not a complex; put it in quotes"),
        ({1: 2}, "is no key; expected plain text"),
        pytest.param({10**5000: 2}, "is no key; expected plain text", id="key-of-5000-digits"),
    ],
)
def test_what_no_file_should_hold_is_told_by_its_path(value: Any, said: str) -> None:
    tree = with_value(RECIPES["ring"], ("players", "point", "optimizer", "lr"), value)
    (line,) = str(answer(tree)).split("\n")
    assert line.startswith("players.point.optimizer.lr")
    assert line.endswith(said)


@pytest.mark.parametrize("tree", [[], None, 3, "ring", [{}], True])
def test_what_is_no_table_is_no_recipe(tree: Any) -> None:
    assert "must be a table" in str(answer(tree))
    with pytest.raises(RecipeError):
        parse(tree)
