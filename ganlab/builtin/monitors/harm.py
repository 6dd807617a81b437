"""Whether the generator suffers: it has lost data it had reached, or still reaches little when it should not.

Numbers of balance alone tell no healthy run from a sick one: a discriminator of a healthy dcgan tells 95 % of the
fakes, one of a collapsed ring has costs of exactly ln 4. So what is said of balance is said only where somebody
suffers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganlab import Progress
from ganlab.builtin.monitors.reach import RAW, Reach
from ganlab.builtin.monitors.reading import coverages

LITTLE = 0.25
"""So little of the data, reached by the averaged generator, is a collapse or a bad start."""

LITTLE_RAW = 0.12
"""The same for the raw one, which in healthy runs was never below 0.18 once it had learnt (ring)."""


class Harm:
    """How much of the data is reached; with several fields the worst counts."""

    def __init__(self, grace: float) -> None:
        self._grace = grace
        self._course = Reach()
        self._raw: dict[str, float] = {}
        """By field, the last coverage of the raw generator: it may be measured more rarely."""
        self.reach: float | None = None
        """At the last tick: of the raw generator where that is measured. None if nothing was."""

    def hear(self, measurements: Mapping[str, float], progress: Progress) -> bool | None:
        """True if the generator suffers at this tick; None if its coverage is not measured."""
        raw, averaged = coverages(measurements, raw=True), coverages(measurements)
        lost = [self._course.lost(f"{field}/averaged", value) for field, value in averaged.items()]
        lost += [self._course.lost(f"{field}/raw", value, RAW) for field, value in raw.items()]
        if not lost:
            self.reach = None
            return None
        self._raw |= raw
        self.reach = sorted((self._raw or averaged).values())[0]
        little = self.reach < (LITTLE_RAW if self._raw else LITTLE)
        return any(lost) or (little and progress.fraction >= self._grace)

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {"course": self._course.state(), "raw": dict(self._raw)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self._course.restore(state["course"])
        self._raw = dict(state["raw"])
