"""Which number says how good a run was, where it was best, and how far from there the run ended.

Losses do not tell. A distance to the data does, and so does the share of the data that is reached: which of them is
better when larger is known by name. In StudioGAN's published logs 15 of 64 runs ended at twice their best FID or worse.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ganlab.assemble.history import History, Moment

LESS_IS_BETTER = {
    "fid": True,
    "frechet-excess": True,
    "frechet": True,
    "kid": True,
    "mmd": True,
    "sliced-wasserstein": True,
    "coverage": False,
    "modes": False,
    "reverse-kl": True,
    "inception-score": False,
    "vendi-ratio": False,
    "rke-ratio": False,
    "recall": False,
    "precision": False,
    "density": False,
}
"""Numbers that say how good a run is; the first that was measured says it."""

JUDGED = ("fid", "frechet", "coverage", "inception-score")
"""Of these a multiple means something: they are positive, and zero is their zero."""

NO_QUALITY = re.compile(r"frechet-(floor|noise|infinity).*|.*-(floor|std|time)")


@dataclass(frozen=True)
class Best:
    """The best value of a measurement, where it was, and what it was at the end."""

    measurement: str
    value: float
    moment: Moment
    last: float
    end: Moment

    @property
    def ratio(self) -> float:
        """How many times worse the end is: 1 or more; NaN where that means nothing."""
        if family(self.measurement) not in JUDGED or not self.value > 0:
            return math.nan
        if LESS_IS_BETTER[family(self.measurement)]:
            return self.last / self.value
        return self.value / self.last if self.last > 0 else math.inf


def family(measurement: str) -> str:
    """Which of the numbers above it is: "fid" of "fid50k-full@inception-v3"; "" if none."""
    name = measurement.partition("@")[0]
    if NO_QUALITY.fullmatch(name):
        return ""
    return next((each for each in LESS_IS_BETTER if re.match(rf"{each}(?![a-z])", name)), "")


def chosen(history: History, wanted: str | None = None) -> str | None:
    """The measurement that says how good the run was: as wanted, or else the first of the known that was finite."""
    names = [name for name in history.names() if any(math.isfinite(value) for _, value in history.course(name))]
    if wanted is not None:
        return next((name for name in names if wanted in (name, name.partition("@")[0])), None)
    order = list(LESS_IS_BETTER)
    able = [name for name in names if family(name)]
    return min(able, key=lambda name: (order.index(family(name)), "/raw" in name, names.index(name)), default=None)


def best_of(history: History, measurement: str) -> Best | None:
    """The best of its finite values, the earliest of equals; None if there is none."""
    course = [(moment, value) for moment, value in history.course(measurement) if math.isfinite(value)]
    if not course:
        return None
    less = LESS_IS_BETTER.get(family(measurement), False)
    moment, value = min(course, key=lambda each: each[1] if less else -each[1])
    end, last = course[-1]
    return Best(measurement, value, moment, last, end)
