"""How much of the data the generator reaches, against the most it ever reached: what "lost" means, in one place.

The averaged generator's coverage is steady, and lags. The raw one's is quick, and in healthy runs without a schedule
falls to 0.4 of its best and comes back (ring, Adam at 1e-3), so that it must fall farther to count. With wide balls
coverage says which share of the kinds is made: it is near 1 and steady, so that less of a fall counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganlab import best_of

FORGETTING = 0.02
"""How much of the way to what is reached now the best comes down at each tick on which nothing is lost. Blurred samples
cover more than sharp ones, so that a healthy ring may peak at 0.57 and stay at 0.40."""

RAW = 0.3
"""A raw coverage below so much of its best is lost."""

WIDE = 0.7
"""The same for one with wide balls, of the averaged generator. Healthy rings of random settings fall to 0.67."""


class Reach:
    """Coverages, each with its smoothed course and its best."""

    def __init__(self, ratio: float = 0.65, arm: float = 0.3, smoothing: float = 0.5) -> None:
        self._ratio = ratio
        self._arm = arm
        self._smoothing = smoothing
        self._smoothed: dict[str, float] = {}
        self.best: dict[str, float] = {}
        """The highest smoothed value of each."""

    def lost(self, name: str, value: float, ratio: float | None = None) -> bool:
        """Hear the value of this tick; True if it is below so much of the best before it."""
        before = self._smoothed.get(name, value)
        self._smoothed[name] = before + self._smoothing * (value - before)
        best = self.best.get(name, 0.0)
        lost = best >= self._arm and value < (self._ratio if ratio is None else ratio) * best
        if not lost:
            best += FORGETTING * (self._smoothed[name] - best)
        self.best[name] = best_of(best, self._smoothed[name])
        return lost

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"smoothed": dict(self._smoothed), "best": dict(self.best)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self._smoothed, self.best = dict(state["smoothed"]), dict(state["best"])
