"""Numbers that move while the run goes on: learning-rate factors and weights, as functions of progress alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

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
        rise = min(1.0, kimg / self.warm_up_kimg) if self.warm_up_kimg else 1.0
        if kimg <= self.from_kimg:
            return rise
        if self.every_kimg is not None:
            return rise * self.final ** math.floor((kimg - self.from_kimg) / self.every_kimg)
        length = self.until_kimg - self.from_kimg
        part = min(1.0, (kimg - self.from_kimg) / length) if length > 0 else 1.0
        left = 1 - part if self.shape == "linear" else (1 + math.cos(math.pi * part)) / 2
        return rise * (self.final + (1 - self.final) * left)


@dataclass(frozen=True)
class Constant:
    """A weight that stays."""

    value: float

    def __call__(self, progress: Progress) -> float:
        return self.value


@dataclass(frozen=True)
class Path:
    """A weight that moves from `start` to `end` between two places in the run: by equal steps, or by equal factors."""

    start: float
    end: float
    from_kimg: float
    until_kimg: float
    geometric: bool = False

    def __call__(self, progress: Progress) -> float:
        length = self.until_kimg - self.from_kimg
        part = min(1.0, max(0.0, (progress.kimg - self.from_kimg) / length)) if length > 0 else 1.0
        if self.geometric:
            return self.start * float((self.end / self.start) ** part)
        return self.start + (self.end - self.start) * part
