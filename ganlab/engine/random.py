"""Randomness as a function of the seed and the place in the run, so that there is no state to lose.

Every draw of a round comes from a generator seeded by (seed, purpose, place). A batch that is split, over processes
or over an accumulation, draws for all its rows and keeps its own: the parts draw what the whole would have drawn.
"""

from __future__ import annotations

import hashlib
import random
from functools import cached_property

import numpy
import torch
from torch import Tensor

from ganlab.interfaces.random import Random

MASK = (1 << 63) - 1


def seed_for(seed: int, purpose: str) -> int:
    """A number that belongs to this purpose alone."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest()) & MASK


def begin_random(seed: int) -> None:
    """Let the generators that everybody shares begin as a function of the seed. Ours draw nothing from them, but a
    plugin's may (dropout)."""
    number = seed_for(seed, "shared")
    random.seed(number)
    numpy.random.seed(number & 0xFFFFFFFF)
    torch.manual_seed(number)


def _mixed(seed: int, place: int) -> int:
    """splitmix64 of the place-th number after `seed` (Steele et al. 2014)."""
    value = (seed + (place + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (value ^ (value >> 31)) & MASK


class Stream:
    """One purpose's randomness: `at(place, ...)` binds it to a place in the run and to rows of a batch."""

    def __init__(self, seed: int, purpose: str, device: torch.device) -> None:
        self._seed = seed_for(seed, purpose)
        self._device = device

    def at(self, place: int, rows: int, total: int | None = None, first: int = 0) -> RowRandom:
        """Draws for rows `first` to `first + rows` of `total` (all of them if left out)."""
        return RowRandom(_mixed(self._seed, place), self._device, rows, rows if total is None else total, first)


class RowRandom(Random):
    """Draws for `total` rows and keeps `rows` of them from `first` on."""

    def __init__(self, seed: int, device: torch.device, rows: int, total: int, first: int) -> None:
        self.rows = rows
        self._seed = seed
        self._device = device
        self._total = total
        self._first = first

    @cached_property
    def _generator(self) -> torch.Generator:
        """Seeded at the first draw: in most turns there is none."""
        return torch.Generator(self._device).manual_seed(self._seed)

    def normal(self, *shape: int) -> Tensor:
        return self._own(torch.randn(self._total, *shape, generator=self._generator, device=self._device))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        drawn = torch.rand(self._total, *shape, generator=self._generator, device=self._device)
        return self._own(drawn if low == 0.0 and high == 1.0 else drawn * (high - low) + low)

    def integers(self, high: int, *shape: int) -> Tensor:
        size = (self._total, *shape)
        return self._own(torch.randint(high, size, generator=self._generator, device=self._device))

    def _own(self, drawn: Tensor) -> Tensor:
        return drawn if self.rows == self._total else drawn[self._first : self._first + self.rows]
