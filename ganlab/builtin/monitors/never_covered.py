"""Collapse from the start: halfway through its budget, a run still reaches next to nothing of the real data.

At 45 to 50 % of the budget, runs with a starved discriminator had a coverage of at most 0.11, healthy ones at least
0.30 (ring, grid and digits). Before that, "collapsed" and "not yet learnt" look the same, so nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity, best_of
from ganlab.builtin.monitors.lost_coverage import measured

Share = Annotated[float, Option(gt=0, lt=1)]


class NeverCovered(Monitor):
    """A finding, once, if coverage has never been over `level` when the share `grace` of the budget is spent."""

    def __init__(self, *, measurement: str = "coverage", level: Share = 0.25, grace: Share = 0.48) -> None:
        self.measurement = measurement
        self.level = level
        self.grace = grace
        self.best = 0.0
        self.said = False

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        value = measured(measurements, self.measurement)
        if value is None or not math.isfinite(value):
            return []
        self.best = best_of(self.best, value)
        if self.said or progress.fraction < self.grace or self.best >= self.level:
            return []
        self.said = True
        return [
            Finding(
                monitor="never-covered",
                sentence=(
                    f"the generator has not found the data: it has never reached more than {self.best:.0%} of the "
                    f"real samples in {progress.fraction:.0%} of the budget"
                ),
                severity=Severity.CRITICAL,
                kimg=progress.kimg,
                round=progress.round,
                began_kimg=0.0,
                evidence={"coverage": value, "best": self.best},
                advice="the discriminator may be starved: raise its learning rate to the generator's, or add r1",
            )
        ]

    def state(self) -> Mapping[str, Any]:
        return {"best": self.best, "said": self.said}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.best, self.said = state["best"], state["said"]
