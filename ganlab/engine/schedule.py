"""Numbers that move while the run goes on: learning-rate factors and weights, as functions of progress alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ganlab.numbers import clamp_finite
from ganlab.values import Progress


@dataclass(frozen=True)
class Fall:
    """A factor that rises from 0 over `warm_up_kimg`, is 1 until `from_kimg` and falls to `final` at `until_kimg`."""

    shape: Literal["linear", "cosine", "step"]
    warm_up_kimg: float
    from_kimg: float
    until_kimg: float
    final: float
    every_kimg: float | None = None

    def __call__(self, progress: Progress) -> float:
        kimg = progress.kimg
        rise = share(kimg, 0.0, self.warm_up_kimg)
        if kimg <= self.from_kimg:
            return rise
        if self.every_kimg is not None:
            return rise * self.final ** math.floor((kimg - self.from_kimg) / self.every_kimg)
        part = share(kimg, self.from_kimg, self.until_kimg)
        left = 1 - part if self.shape == "linear" else (1 + math.cos(math.pi * part)) / 2
        return rise * (self.final + (1 - self.final) * left)


@dataclass(frozen=True)
class Constant:
    """A weight that stays."""

    value: float

    def __call__(self, progress: Progress) -> float:
        return self.value


@dataclass(frozen=True)
class Scaled:
    """A weight that an intervention has multiplied."""

    weight: Callable[[Progress], float]
    factor: float

    def __call__(self, progress: Progress) -> float:
        return self.weight(progress) * self.factor


@dataclass(frozen=True)
class Path:
    """A weight that moves from `start` to `end` between two places in the run: by equal steps, or by equal factors."""

    start: float
    end: float
    from_kimg: float
    until_kimg: float
    geometric: bool = False

    def __call__(self, progress: Progress) -> float:
        part = share(progress.kimg, self.from_kimg, self.until_kimg)
        if self.geometric:
            # Not the quotient to that power: of a very small and a very large number it is infinite.
            return float(self.start ** (1 - part) * self.end**part)
        return self.start + (self.end - self.start) * part


def share(kimg: float, begin: float, end: float) -> float:
    """How much of the way from `begin` to `end` lies behind, 0..1; all of a way that has no length."""
    length = end - begin
    # The way is clamped and not the quotient, which over a very short way would be infinite.
    return clamp_finite(kimg - begin, 0.0, length, "the place in a schedule, in kimg") / length if length > 0 else 1.0
