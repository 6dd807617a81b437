"""Numbers of a log in the order in which they were trained, on a clock that stands still while nobody trains.

A run that is interrupted goes on from an earlier checkpoint: what it had done after that is trained again and replaces
what was written first. The clock counts both, for both were paid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ganlab import SeriesPoint


class Course:
    """Series by name, that grow, and are taken back where the run goes back."""

    def __init__(self) -> None:
        self._series: dict[str, dict[float, SeriesPoint]] = {}
        self.replaced = 0

    def add(self, name: str, at: float, value: float, seconds: float | None) -> None:
        """One number; a second one at the same place takes the place of the first."""
        if math.isfinite(at) and at >= 0:
            self._series.setdefault(name, {})[at] = SeriesPoint(at, value, seconds)

    def has(self, name: str, at: float) -> bool:
        """True if there is a number of that name there."""
        return at in self._series.get(name, ())

    def go_back(self, at: float, name: str | None = None) -> None:
        """Take back what came at `at` and later, of one series or of all."""
        for each in [name] if name is not None else list(self._series):
            points = self._series.get(each, {})
            kept = {place: point for place, point in points.items() if place < at}
            self.replaced += len(points) - len(kept)
            self._series[each] = kept

    def series(self) -> dict[str, Sequence[SeriesPoint]]:
        """What is there, in order."""
        return {name: [points[at] for at in sorted(points)] for name, points in self._series.items() if points}


class Clock:
    """Seconds of training, from a count that begins anew with each life of the run."""

    def __init__(self) -> None:
        self._before = 0.0
        self._last = 0.0

    def at(self, elapsed: float) -> float:
        """Seconds trained when the present life has lasted `elapsed`; less than the last time is another life."""
        if not math.isfinite(elapsed) or elapsed < 0:
            return self.now
        if elapsed < self._last:
            self._before += self._last
        self._last = elapsed
        return self.now

    def advance(self, seconds: float) -> float:
        """Seconds trained when so many more have passed."""
        self._last += max(0.0, seconds)
        return self.now

    @property
    def now(self) -> float:
        """Seconds trained at the last call."""
        return self._before + self._last


def notes(course: Course, spoilt: int = 0, more: Mapping[str, int] | None = None) -> list[str]:
    """What happened to lines and numbers on the way, a sentence each."""
    told = [f"{spoilt} line{'s' * (spoilt != 1)} cannot be read and {'are' if spoilt != 1 else 'is'} left out"] * bool(
        spoilt
    )
    if course.replaced:
        told.append(f"the run went back and trained again: {course.replaced} numbers were replaced by later ones")
    return told + [f"{count} {what}" for what, count in (more or {}).items() if count]
