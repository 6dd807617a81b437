"""A number that is not finite neither hides in a clamp nor becomes the best."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab import DivergedError, best_of, clamp_finite

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
