"""What the truths of drawn samples share: how samples of anything are brought before a reader, piece by piece, and the
baselines. A rule adds three methods: draw, with a property broken if asked; look at pictures; sum up what was seen."""

from __future__ import annotations

import math
import zlib
from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganlab import Reading, Truth
from ganlab.builtin.datasets import drawing

MOST_AT_ONCE = 2**22
"""Numbers of a picture that are looked at in one piece."""

DRAWN_AT_ONCE = 2048

AVERAGED = 4
"""Real samples that the baseline "mush" is the mean of."""

PATCHES = 4
"""The baseline "shuffled" cuts a picture into so many by so many."""

Facts = dict[str, Tensor]
"""What was seen in each picture: tensors (N, ...)."""


class DrawnTruth(Truth):
    """Square pictures (N, `channels`, `size`, `size`) drawn by a rule."""

    baselines = ("mean", "mush", "shuffled")

    def __init__(self, size: int, channels: int) -> None:
        self.size = size
        self.channels = channels

    @abstractmethod
    def draw(self, count: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Facts]:
        """Pictures (count, C, H, W) in [-1, 1], the property `broken` not as the rule says, and their labels."""

    @abstractmethod
    def look(self, pictures: Tensor) -> Facts:
        """What is seen in each picture (N, C, H, W): with "readable" (N,), bool, and a row for each."""

    @abstractmethod
    def sum_up(self, facts: Facts, asked: Mapping[str, Tensor]) -> Reading:
        """The facts of all pictures, of one at least, as numbers."""

    def read(self, data: Tensor, asked: Mapping[str, Tensor] | None = None) -> Reading:
        if not len(data):
            return Reading(math.nan, dict.fromkeys(self.properties, math.nan))
        pictures, sound = self.brought(data)
        seen = [self.look(piece) for piece in torch.split(pictures, max(1, MOST_AT_ONCE // pictures[0].numel()))]
        facts = {name: torch.cat([each[name] for each in seen]) for name in seen[0]}
        facts["readable"] = facts["readable"] & sound
        return self.sum_up(facts, {name: each.detach().cpu() for name, each in (asked or {}).items()})

    def brought(self, data: Tensor) -> tuple[Tensor, Tensor]:
        """Any pictures as float32 of this truth's size and channels, on the CPU, and which are finite (N,); others are
        black."""
        pictures = data.detach().to("cpu", torch.float32)
        sound = torch.isfinite(pictures).flatten(1).all(1)
        if not pictures.numel():
            return drawing.canvas(len(data), self.channels, self.size), sound & False
        pictures = torch.where(sound[:, None, None, None], pictures, -1.0).clamp(-1, 1)
        if pictures.shape[1] != self.channels:
            pictures = pictures.mean(1, keepdim=True).expand(-1, self.channels, -1, -1)
        if pictures.shape[2:] != (self.size, self.size):
            size = (self.size, self.size)
            pictures = interpolate(pictures, size, mode="bilinear", align_corners=False, antialias=True).clamp(-1, 1)
        return pictures.contiguous(), sound

    def control(self, name: str, count: int) -> Tensor:
        if name not in self.properties:
            raise KeyError(f"there is no property '{name}'; expected one of {', '.join(self.properties)}")
        return self.drawn(count, name)

    def baseline(self, name: str, count: int) -> Tensor:
        if name == "mean":
            return self.drawn(1024).mean(0, keepdim=True).expand(count, -1, -1, -1).contiguous()
        if name == "mush":
            pictures = self.drawn(count * AVERAGED)
            return pictures.reshape(count, AVERAGED, *pictures.shape[1:]).mean(1)
        if name == "shuffled":
            return shuffled(self.drawn(count), seeded("shuffled"))
        raise KeyError(f"there is no baseline '{name}'; expected one of {', '.join(self.baselines)}")

    def drawn(self, count: int, broken: str | None = None) -> Tensor:
        """Pictures by the rule, the same each time, of a seed that no dataset draws with."""
        generator = seeded(broken or "")
        pieces = [
            self.draw(min(DRAWN_AT_ONCE, count - start), generator, broken)[0]
            for start in range(0, count, DRAWN_AT_ONCE)
        ]
        return torch.cat(pieces) if pieces else torch.empty(0, self.channels, self.size, self.size)


def seeded(name: str) -> torch.Generator:
    """A generator of its own for that name; datasets' seeds are below 2**31."""
    return torch.Generator().manual_seed(2**40 + zlib.crc32(name.encode()))


def shuffled(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """The pictures cut into patches and put together again in another order each."""
    count, channels, height, width = pictures.shape
    tall, wide = height // PATCHES, width // PATCHES
    inner = pictures[:, :, : tall * PATCHES, : wide * PATCHES]
    cells = inner.reshape(count, channels, PATCHES, tall, PATCHES, wide).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    order = torch.rand(count, PATCHES**2, generator=generator).argsort(1)
    moved = cells[torch.arange(count)[:, None], order].reshape(count, PATCHES, PATCHES, channels, tall, wide)
    result = pictures.clone()
    result[:, :, : tall * PATCHES, : wide * PATCHES] = moved.permute(0, 3, 1, 4, 2, 5).reshape(inner.shape)
    return result


def share(flags: Tensor) -> float:
    """The share of true ones; NaN of none at all."""
    return float(flags.double().mean())


def mean_where(values: Tensor, kept: Tensor) -> float:
    """The mean of the values that are kept; NaN if none is."""
    return float(values[kept].double().mean())
