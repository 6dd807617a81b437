"""When a trial is given up: by hand."""

from __future__ import annotations

import math

import pytest

from ganlab.tune.giving_up import collapsed, constraints, falls_behind, hopeless
from ganlab.tune.score import SeedResult, score
from tests.tune.by_hand import healthy, trial


def seed(number: int, value: float = 1.0, *, dead: bool = False, unhealthy: float = 0.0) -> SeedResult:
    return SeedResult(
        number, "stopped" if dead else "finished", value, dead, "gone" if dead else "", unhealthy, 1.0, 1.0
    )


@pytest.mark.parametrize(
    ("value", "others", "place", "behind"),
    [
        (9.0, [1.0, 2.0], 0, False),  # three are too few to judge by
        (2.0, [1.0, 3.0, 4.0], 0, False),  # the better half of four
        (3.0, [1.0, 2.0, 4.0], 0, True),
        (3.0, [1.0, 2.0, math.inf, math.inf], 0, False),  # what died is behind, too
        (3.0, [1.0, 2.0, math.inf, math.inf], 1, True),  # the best third of five, two
        (2.0, [1.0, 3.0, math.inf, math.inf], 1, False),
        (2.0, [1.0, 3.0, math.inf, math.inf], 2, False),  # the best quarter of five, two
        (2.0, [1.0, 3.0, math.inf], 2, True),
    ],
)
def test_the_further_a_rung_the_fewer_go_on(value: float, others: list[float], place: int, behind: bool) -> None:
    assert falls_behind(value, others, place) is behind


def test_one_that_died_is_one_too_many_unless_it_is_tolerated() -> None:
    assert collapsed([seed(0), seed(1, dead=True)], 0.0, 4) == "seed 1: gone"
    assert collapsed([seed(0), seed(1, dead=True)], 0.25, 4) is None
    assert collapsed([seed(0, dead=True), seed(1, dead=True)], 0.25, 4) == "seed 1: gone"


def test_what_is_not_going_to_be_the_best_is_hopeless() -> None:
    best = trial(healthy(0, 1.0), healthy(1, 3.0))  # mean 2, score 3.41
    others = [best, trial(healthy(0, 0.2), healthy(1, 9.0))]
    assert hopeless(others, [seed(0, 2.0)]) is None
    assert hopeless(others, [seed(0, 2.1)]) == best.number
    assert hopeless(others, [seed(0, 2.1), seed(1, 1.8)]) is None
    assert hopeless([], [seed(0, 4.9)]) is None


def test_what_must_hold_is_at_most_zero() -> None:
    assert constraints([seed(0), seed(1)], 0.0, 2) == {"collapsed": 0.0, "unhealthy": -0.1}
    found = constraints([seed(0, dead=True), seed(1, unhealthy=0.5)], 0.25, 4)
    assert found == {"collapsed": 0.0, "unhealthy": pytest.approx(0.15)}


def test_a_score_is_mean_and_deviation() -> None:
    assert score([2.0]) == 2.0
    assert score([1.0, 3.0]) == pytest.approx(2.0 + math.sqrt(2.0))
