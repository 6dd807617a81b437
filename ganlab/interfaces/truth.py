"""What is right about samples whose truth is known, and a reader that has been shown to see it.

Three instances: in scenes of a few shapes the count and the places are known; the lines of a corridor meet in one
point; one half of a mirrored figure says what the other must be. A number read off a generator's samples means nothing
until the reader has been tried on real samples and on samples that are wrong in that alone, which `calibrate` does.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LEAST_REAL = 0.9
"""What real samples must score before a reader may report."""

LEAST_GAP = 0.5
"""By how much they must exceed samples with that one property broken."""


@dataclass(frozen=True)
class Reading:
    """What a reader saw in some samples.

    `scores` by property, 0..1, 1 is right: a mean over all samples in which those that could not be read count as
    wrong, so that mush earns nothing. `readable` is the share of samples that could be read. `values` are the raw
    numbers behind the scores, named "<property>/<what>", of the readable samples where not said otherwise; NaN where
    there were none.
    """

    readable: float
    scores: Mapping[str, float]
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Calibration:
    """How a reader scored one property on real samples, on the control (that property broken, all else as it is) and on
    the best of the baselines, samples that no game was needed for."""

    real: float
    control: float
    baseline: float

    @property
    def passes(self) -> bool:
        """True if the reader may report."""
        return self.real >= LEAST_REAL and self.real - self.control >= LEAST_GAP

    @property
    def reason(self) -> str:
        """Why it may not, for the end of a sentence; empty if it may."""
        if self.passes:
            return ""
        if not self.real >= LEAST_REAL:
            return f"real samples score {self.real:.3f}, at least {LEAST_REAL:g} is needed"
        return (
            f"real samples score {self.real:.3f} and broken ones {self.control:.3f}, "
            f"at least {LEAST_GAP:g} must lie between"
        )

    def of_real(self, score: float) -> float:
        """A score relative to what real samples get; NaN if the reader may not report."""
        return score / self.real if self.passes else math.nan


class Truth(ABC):
    """Reads samples of one dataset, from wherever they come, and makes samples that are wrong."""

    made_of: str = "image"
    """The field it reads."""

    properties: Mapping[str, str]
    """What it reads, and in a sentence what a score of 1 means."""

    baselines: tuple[str, ...]
    """What can be made without a game: the mean of real samples, an average of a few, patches in a random order."""

    @abstractmethod
    def read(self, data: Tensor, asked: Mapping[str, Tensor] | None = None) -> Reading:
        """What it sees in `data` (N, C, H, W) in [-1, 1], blurred, noisy or of another size, whatever made them.

        `asked` are the conditions they were made to meet, by field, where a game had any. Numbers that are not finite
        make a sample unreadable. Never raises for what is in the samples.
        """

    @abstractmethod
    def control(self, name: str, count: int) -> Tensor:
        """`count` samples (count, C, H, W) like real ones, but with the property `name` broken: the same each time."""

    @abstractmethod
    def baseline(self, name: str, count: int) -> Tensor:
        """`count` samples of that baseline: the same each time."""

    def calibrate(self, real: Tensor, asked: Mapping[str, Tensor] | None = None) -> Mapping[str, Calibration]:
        """By property, how the reader fares on these real samples, and on as many controls and baselines."""
        count = len(real)
        seen = self.read(real, asked).scores
        worthless = [self.read(self.baseline(name, count)).scores for name in self.baselines]
        return {
            name: Calibration(
                real=seen[name],
                control=self.read(self.control(name, count)).scores[name],
                baseline=max((scores[name] for scores in worthless), default=math.nan),
            )
            for name in self.properties
        }
