"""Numbers that steer a run are finite, or the run hears of it.

In Python `max(0.0, nan)` is 0.0 and `min(1.0, nan)` is 1.0: a bare clamp turns a broken number into a plausible one,
and a probability or a learning rate goes on as if nothing had happened. What steers a run goes through here instead.
"""

from __future__ import annotations

import math
from typing import overload

from ganlab.errors import DivergedError


def clamp_finite(value: float, low: float, high: float, name: str = "a control number") -> float:
    """`value`, or the nearer of `low` and `high` if it lies outside. Raises `DivergedError`, which says `name`, if it
    is NaN or infinite."""
    if not math.isfinite(value):
        raise DivergedError(
            f"{name} is {value}, expected a finite number from {low:g} to {high:g}; "
            "lower the learning rates, or go back to a checkpoint from before"
        )
    return low if value < low else high if value > high else value


@overload
def best_of(best: float, value: float, *, higher: bool = True) -> float: ...
@overload
def best_of(best: float | None, value: float, *, higher: bool = True) -> float | None: ...
def best_of(best: float | None, value: float, *, higher: bool = True) -> float | None:
    """The better of the best so far and `value`; a number that is not finite is never best. None: there is none yet."""
    if not math.isfinite(value):
        return best
    if best is None or not math.isfinite(best):
        return value
    return value if (value > best if higher else value < best) else best
