"""What lasts is a trouble; what does not is noise."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from ganlab.builtin.monitors.lasting import Change, Lasting
from ganlab.builtin.monitors.usual import Usual


def changes(lasting: Lasting, holds: Sequence[bool]) -> dict[int, Change]:
    heard = {tick: lasting.hear(each, float(tick)) for tick, each in enumerate(holds)}
    return {tick: change for tick, change in heard.items() if change is not None}


def of(pattern: str) -> list[bool]:
    return [letter == "x" for letter in pattern]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("..xx..", {3: Change.BEGAN, 5: Change.ENDED}),
        (".x.x.x", {}),
        ("xxx.x.xx", {1: Change.BEGAN}),
        ("xx..xx", {1: Change.BEGAN, 3: Change.ENDED, 5: Change.BEGAN}),
    ],
)
def test_two_ticks_in_a_row_begin_a_trouble_and_two_end_it(pattern: str, found: dict[int, Change]) -> None:
    assert changes(Lasting(2), of(pattern)) == found


def test_it_began_at_the_first_of_the_ticks_in_a_row() -> None:
    lasting = Lasting(3)
    changes(lasting, of("..x.xxx"))
    assert lasting.began() == 4.0


def test_subjects_do_not_know_of_each_other() -> None:
    lasting = Lasting(1)
    lasting.hear(True, 1.0, "image")
    lasting.hear(False, 1.0, "sound")
    assert list(lasting.standing()) == ["image"]


def test_a_restart_between_two_ticks_changes_nothing() -> None:
    pattern = of("..x.xx..xxx.")
    whole = changes(Lasting(2), pattern)
    for cut in range(len(pattern)):
        before, after = Lasting(2), Lasting(2)
        found = changes(before, pattern[:cut])
        after.restore(json.loads(json.dumps(before.state())))
        found |= {cut + tick: change for tick, change in changes(after, pattern[cut:]).items()}
        assert found == whole


def test_nothing_is_usual_before_five_values_and_then_it_is_their_median() -> None:
    usual = Usual()
    for value in (1.0, 1.0, 2.0, 100.0):
        usual.add("a", value)
    assert usual.of("a") is None
    usual.add("a", 3.0)
    assert usual.of("a") == 2.0


def test_only_the_last_fifteen_values_count() -> None:
    usual = Usual()
    for value in [*[1.0] * 50, *[5.0] * 8]:
        usual.add("a", value)
    assert usual.of("a") == 5.0
