"""Where all randomness of a round comes from.

Three instances: a generator's latents, the mixing weights of a gradient penalty, the shifts of an augmentation. A
`Random` is bound to the rows at hand, so that a batch split over processes or over an accumulation draws exactly
what the whole batch would have drawn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Random(ABC):
    """Draws tensors of (rows, *shape) on the device of the game."""

    rows: int
    """How many samples are at hand."""

    @abstractmethod
    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, float32 (rows, *shape)."""

    @abstractmethod
    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Numbers uniform in [low, high), float32 (rows, *shape)."""

    @abstractmethod
    def integers(self, high: int, *shape: int) -> Tensor:
        """Integers uniform in 0..high-1, int64 (rows, *shape)."""
