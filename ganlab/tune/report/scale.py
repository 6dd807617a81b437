"""Where a value stands on an axis, from 0 to 1: by its size, by its logarithm, or as one of some choices."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

DECADES = 1.5
"""Positive numbers that are further apart than this stand by their logarithm."""


class Scale(Protocol):
    """An axis."""

    def place(self, value: Any) -> float: ...

    def ticks(self) -> list[tuple[float, str]]:
        """Places and what stands there."""


@dataclass(frozen=True)
class Numbers:
    """From `low` to `high`; what is outside stands at the edge."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """0 at `low`, 1 at `high`."""
        low, high, value = (self._on(each) for each in (self.low, self.high, value))
        return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Powers of ten, or multiples of one, two or five; the ends if there would be one only."""
        values = self._decades() if self.log else []
        if len(values) < 2:
            values = self._round()
        if len(values) < 2:
            values = sorted({self.low, self.high})
        return [(self.place(each), f"{each:g}" if len(f"{each:g}") < 8 else f"{each:.2g}") for each in values]

    def _on(self, value: float) -> float:
        return math.log10(max(value, math.ulp(0.0))) if self.log else value

    def _decades(self) -> list[float]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        step = max(1, math.ceil((last - first) / 8))
        return [10.0**power for power in range(first, last + 1, step)]

    def _round(self) -> list[float]:
        span = self.high - self.low
        if span <= 0:
            return []
        power = 10.0 ** math.floor(math.log10(span / 4))
        step = next(each * power for each in (1, 2, 5, 10) if each * power >= span / 5)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(count * step, 12) for count in range(first, last + 1)]


@dataclass(frozen=True)
class Choices:
    """One place for each."""

    values: tuple[Any, ...]

    def place(self, value: Any) -> float:
        """The first at 0, the last at 1."""
        found = self.values.index(value) if value in self.values else 0
        return found / (len(self.values) - 1) if len(self.values) > 1 else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """All of them."""
        return [(self.place(each), each if isinstance(each, str) else json.dumps(each)) for each in self.values]


def of_values(values: Iterable[float]) -> Numbers:
    """A scale on which all of them stand, by their logarithm if they are far apart."""
    found = sorted(values)
    low, high = found[0], found[-1]
    log = low > 0 and math.log10(high / low) > DECADES
    edge = 0.0 if log else 0.05 * (high - low)
    return Numbers(low - edge, high + edge, log)


def of_distributions(found: Sequence[BaseDistribution]) -> Scale:
    """What a parameter could be: in one study file it may have had several ranges."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    choices = [value for each in found if isinstance(each, CategoricalDistribution) for value in each.choices]
    if choices:
        return Choices(tuple(dict.fromkeys(choices)))
    ranges = [each for each in found if isinstance(each, FloatDistribution | IntDistribution)]
    return Numbers(
        min(each.low for each in ranges), max(each.high for each in ranges), any(each.log for each in ranges)
    )
