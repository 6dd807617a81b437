"""`--set` takes any text a shell can hand over: it changes the recipe, or says in a line why it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab.errors import GanlabError, RecipeError
from ganlab.recipe import override, to_toml
from tests.fuzz.recipes import KEYS, NAMES, RECIPES, answer, examples, numbers, places, readable, texts

WHERE = sorted({".".join(map(str, path)) for tree in RECIPES.values() for path, _ in places(tree)})
CALLED = ["terms.r1.weight", "watch.diagnostics.coverage.count", "watch.monitors.lost-coverage", "players.generator"]

written = st.one_of(
    numbers.map(str),
    texts,
    st.text(),
    st.lists(numbers, max_size=3).map(str),
    st.sampled_from(
        [
            "{}",
            "[]",
            "{name = 'hinge'}",
            "[{name='r1', on='point'}]",
            "1e400",
            "0x7fffffffffffffffff",
            "'''",
            '"',
            "1\nseed = 2",
        ]
    ),
    st.integers(1, 3000).map(lambda depth: "[" * depth),
    st.integers(1, 300).map(lambda depth: "[" * depth + "]" * depth),
    st.integers(1, 3000).map(lambda depth: "{a = " * depth + "1" + "}" * depth),
    st.sampled_from(["{" + "a." * 100_000 + "a = 1}", "9" * 5000, "1979-05-27", "07:32:00"]),
)
keys = st.one_of(
    st.sampled_from(WHERE),
    st.sampled_from(CALLED),
    st.lists(st.one_of(st.sampled_from(KEYS), st.text(max_size=4), st.integers(0, 20).map(str)), max_size=5).map(
        ".".join
    ),
    st.integers(1, 5000).map(lambda depth: "a." * depth + "a"),
)
settings = st.one_of(st.builds("{}={}".format, keys, written), st.text())


def overridden(name: str, changes: list[str]) -> Any:
    """The answer to the changed recipe, or to the changes themselves."""
    try:
        tree = override(RECIPES[name], changes)
    except RecipeError as error:
        return readable(error)
    return answer(tree)


@examples(2000)
@given(st.sampled_from(NAMES), st.lists(settings, max_size=3))
def test_any_setting_is_taken_or_refused(name: str, changes: list[str]) -> None:
    overridden(name, changes)


@examples(300)
@given(st.sampled_from(NAMES), st.lists(settings, min_size=2, max_size=3))
def test_settings_work_one_after_the_other(name: str, changes: list[str]) -> None:
    """All at once, or one by one: the same tree, or the same refusal."""

    def told(work: Any) -> Any:
        try:
            return repr(work())
        except GanlabError as error:
            return str(error)

    def one_by_one() -> Any:
        tree = RECIPES[name]
        for change in changes:
            tree = override(tree, [change])
        return tree

    before = repr(RECIPES[name])
    assert told(lambda: override(RECIPES[name], changes)) == told(one_by_one)
    assert repr(RECIPES[name]) == before


@examples(300)
@given(st.sampled_from(NAMES), st.data())
def test_to_set_what_stands_there_changes_nothing(name: str, data: st.DataObject) -> None:
    tree = RECIPES[name]
    path, value = data.draw(st.sampled_from(list(places(tree))))
    text = to_toml({"value": value}).strip()
    inline = text.partition(" = ")[2] if "\n" not in text and text.startswith("value = ") else None
    if inline is not None:
        assert override(tree, [f"{'.'.join(map(str, path))}={inline}"]) == tree


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("seed", "expected key=value"),
        ("=3", "expected key=value"),
        ("a..b=3", "expected key=value"),
        ("batch_size.x=3", "'x' stands below something that has no keys"),
        ("terms.r1.x.y=3", "terms.r1.x: unknown option"),
        ("terms.nobody.x=3", "none is called 'nobody'"),
        ("terms.99.x=3", "none is called '99'"),
        ("terms." + "9" * 5000 + ".x=3", "none is called '9999"),
        ("a." * 5000 + "a=1", "nested too deeply"),
        ("seed=" + "9" * 5000, 'seed: must be a valid integer, not "9999'),
        ("seed=99999999999999999999", "seed: must be an integer of at most 64 bits"),
        ("seed=1979-05-27", "not a date; put it in quotes"),
        ("about='a\0b'", "about: must be text without NUL characters"),
        ("about=\udcff", "about: must be Unicode text, and holds half a letter"),
        ("seed=" + "[" * 5000, 'seed: must be a valid integer, not "[[['),
        ("seed=" + "[" * 100 + "]" * 100, "nested too deeply"),
    ],
    ids=lambda each: each[:30],
)
def test_a_setting_that_cannot_be_is_told(setting: str, said: str) -> None:
    told = overridden("ring", [setting])
    assert isinstance(told, str)
    assert said in told
    assert len(told) < 500


def test_a_line_break_in_a_value_does_not_set_a_second_key() -> None:
    tree = override(RECIPES["ring"], ["about=1\nseed = 7"])
    assert tree["about"] == "1\nseed = 7"
    assert tree.get("seed") == RECIPES["ring"].get("seed")
