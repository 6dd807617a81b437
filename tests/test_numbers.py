"""A number that is not finite neither hides in a clamp nor becomes the best."""

from __future__ import annotations

import math
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab import DivergedError, Progress, best_of, clamp_finite
from ganlab.engine.schedule import Fall, Path

BROKEN = [math.nan, math.inf, -math.inf]

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("value", "expected"), [(-0.5, 0.0), (0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (1e300, 1.0)])
def test_a_finite_number_is_clamped(value: float, expected: float) -> None:
    assert clamp_finite(value, 0.0, 1.0) == expected


@pytest.mark.parametrize("value", BROKEN)
def test_a_number_that_is_not_finite_is_told_by_name(value: float) -> None:
    with pytest.raises(DivergedError, match=r"ada.probability is (nan|inf|-inf), expected .* from 0 to 1;") as caught:
        clamp_finite(value, 0.0, 1.0, "ada.probability")
    assert "\n" not in str(caught.value)


def test_python_itself_would_have_hidden_it() -> None:
    assert max(0.0, math.nan) == 0.0
    assert min(1.0, max(0.0, math.nan)) == 0.0


def test_the_best_is_the_highest_or_the_lowest() -> None:
    assert best_of(0.5, 0.6) == 0.6
    assert best_of(0.5, 0.4) == 0.5
    assert best_of(0.5, 0.4, higher=False) == 0.4
    assert best_of(0.5, 0.6, higher=False) == 0.5


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("higher", [True, False])
def test_a_number_that_is_not_finite_is_never_the_best(broken: float, higher: bool) -> None:
    assert best_of(0.5, broken, higher=higher) == 0.5
    assert best_of(broken, 0.5, higher=higher) == 0.5
    assert best_of(None, broken, higher=higher) is None
    assert best_of(None, 0.5, higher=higher) == 0.5


@given(st.lists(st.one_of(st.floats(), st.none())), st.booleans())
def test_the_best_of_a_course_is_that_of_its_finite_values(course: list[float | None], higher: bool) -> None:
    best: float | None = None
    for value in course:
        best = best if value is None else best_of(best, value, higher=higher)
    kept = [value for value in course if value is not None and math.isfinite(value)]
    assert best == ((max if higher else min)(kept) if kept else None)


@given(st.floats(), finite, finite)
def test_what_comes_out_of_a_clamp_lies_in_its_bounds(value: float, one: float, other: float) -> None:
    low, high = sorted([one, other])
    try:
        clamped = clamp_finite(value, low, high)
    except DivergedError:
        assert not math.isfinite(value)
    else:
        assert low <= clamped <= high


tiny_to_huge = st.floats(min_value=0, max_value=1e12)


@given(tiny_to_huge, tiny_to_huge, st.floats(0, 1e12), st.sampled_from(["linear", "cosine"]))
def test_a_learning_rate_factor_stays_between_its_ends(
    warm_up: float, until: float, kimg: float, shape: Literal["linear", "cosine"]
) -> None:
    factor = Fall(shape, warm_up, 0.0, until, 0.25)(progress_at(kimg))
    assert 0.0 <= factor <= 1.0


@given(st.floats(5e-324, 1e12), st.floats(5e-324, 1e12), tiny_to_huge, st.floats(0, 1e12), st.booleans())
def test_a_weight_on_its_way_stays_between_its_ends(
    start: float, end: float, until: float, kimg: float, geometric: bool
) -> None:
    weight = Path(start, end, 0.0, until, geometric)(progress_at(kimg))
    low, high = sorted([start, end])
    assert low - 1e-12 * high <= weight <= high * (1 + 1e-9)


def test_a_weight_begins_and_ends_where_it_says() -> None:
    for geometric in (False, True):
        path = Path(1e-3, 10.0, 1.0, 3.0, geometric)
        assert [path(progress_at(kimg)) for kimg in (0.0, 1.0, 3.0, 4.0)] == [1e-3, 1e-3, 10.0, 10.0]
    assert Path(1.0, 100.0, 0.0, 2.0, geometric=True)(progress_at(1.0)) == pytest.approx(10.0)


def progress_at(kimg: float) -> Progress:
    return Progress(round=1, samples=round(kimg * 1000), fraction=0.5)
