"""The generator: a pyramid of convolutional GRUs, one for each size of map, that unrolls a clip frame by frame.

Clark et al. 2019 (arXiv:1907.06571), section 3.1. A latent, and the label, enter at the smallest maps and steer the
norms; frames that are given become the first states of all GRUs (DVD-GAN-FP, section 3.3). Nothing in it is as long as
the clip, so the same weights make clips of any length.

A frame may be drawn afresh, as in the paper, or be the one before, moved pixel by pixel, wherever that explains it, and
drawn afresh elsewhere (Finn et al. 2016, arXiv:1605.07157; Luc et al. 2020, arXiv:2003.04035, move the states instead).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from ganlab import Field
from ganlab_dvdgan.conditions import embeddings, joined, length
from ganlab_dvdgan.layers import Block, ConvGRU


class ClipGenerator(nn.Module):
    """`forward(*given)` -> clips (N, frames, C, H, W) in [-1, 1], given what `fields` say, in that order.

    `channels` are those of the maps from the smallest to those of the frame's size. `moved`: see above.
    """

    def __init__(
        self, fields: Sequence[Field], made: Field, channels: Sequence[int], *, norm: bool, moved: bool
    ) -> None:
        super().__init__()
        self.kinds = [field.kind for field in fields]
        self.frames, colours, height, width = made.shape
        halvings = len(channels) - 1
        self.smallest = (height >> halvings, width >> halvings)
        self.multiple = 2**halvings
        self.labels = embeddings(fields)
        size = length(fields)
        context = next((field for field in fields if field.kind == "video"), None)
        self.enter = nn.Linear(size, channels[0] * self.smallest[0] * self.smallest[1]) if size else None
        self.encoder = None if context is None else Encoder(context.shape[0] * context.shape[1], channels)
        self.units = nn.ModuleList(ConvGRU(before, before) for before in channels[:-1])
        steering = size if norm else 0
        self.blocks = nn.ModuleList(
            Block(before, after, norm=norm, condition=steering, double=True) for before, after in pairwise(channels)
        )
        self.leave = nn.Conv2d(channels[-1], colours + (3 if moved else 0), 3, padding=1)
        self.moved = moved

    def begin_still(self) -> None:
        """Let every frame be mostly the one before: a generator that begins with black frames may stay with them."""
        nn.init.zeros_(self.leave.weight)

    def forward(self, *given: Tensor) -> Tensor:
        with parametrize.cached():
            return self._made(dict(zip(self.kinds, given, strict=True)))

    def _made(self, given: dict[str, Tensor]) -> Tensor:
        condition = joined(given, self.labels)
        states: list[Tensor | None] = [None] * len(self.units)
        maps: Tensor | None = None
        if self.encoder is not None:
            states = self.encoder(given["video"])
            maps = states[0]
        if self.enter is not None and condition is not None:
            entered = self.enter(condition).unflatten(1, (-1, *self.smallest))
            maps = entered if maps is None else maps + entered
        assert maps is not None
        steered = None if condition is None else condition.repeat_interleave(self.frames, 0)
        moments: int | None = self.frames
        for unit, block, state in zip(self.units, self.blocks, states, strict=True):
            if state is None:
                first = maps if maps.dim() == 4 else maps[:, 0]
                state = torch.zeros_like(first)
            maps = unit(maps, state, moments)
            moments = None
            maps = block(maps.flatten(0, 1), steered).unflatten(0, (-1, self.frames))
        drawn = self.leave(torch.relu(maps.flatten(0, 1))).unflatten(0, (-1, self.frames))
        last = given["video"][:, -1] if "video" in given else None
        return composed(drawn, last) if self.moved else torch.tanh(drawn)


def composed(drawn: Tensor, last: Tensor | None) -> Tensor:
    """Frames (N, T, C, H, W) from what is drawn of each (N, T, C + 3, H, W): how far every pixel was away in the frame
    before, right and down, in pixels, whether it comes from there, and what it is if not. Before the first is `last`.
    """
    frames = []
    for each in drawn.unbind(1):
        way, old, fresh = each[:, :2], (each[:, 2:3] + 1).sigmoid(), each[:, 3:].tanh()
        last = fresh if last is None else old * fetched(last, way) + (1 - old) * fresh
        frames.append(last)
    return torch.stack(frames, 1)


def fetched(frame: Tensor, way: Tensor) -> Tensor:
    """Of every pixel the one that lies that way (N, 2, H, W) from it, interpolated; the edge goes on for ever."""
    height, width = frame.shape[2:]
    across = (torch.arange(width, device=frame.device) + way[:, 0] + 0.5) * (2 / width) - 1
    down = (torch.arange(height, device=frame.device)[:, None] + way[:, 1] + 0.5) * (2 / height) - 1
    grid = torch.stack([across, down], 3)
    return F.grid_sample(frame, grid.to(frame.dtype), padding_mode="border", align_corners=False)


class Encoder(nn.Module):
    """Frames (N, T, C, H, W), laid over one another -> a state for each GRU, that of the smallest maps first."""

    def __init__(self, entering: int, channels: Sequence[int]) -> None:
        super().__init__()
        fine_first = list(reversed(channels))
        self.enter = nn.Conv2d(entering, fine_first[0], 3, padding=1)
        self.blocks = nn.ModuleList(Block(before, after, halve=True) for before, after in pairwise(fine_first))
        self.leave = nn.ModuleList(nn.Conv2d(each, each, 3, padding=1) for each in fine_first[1:])

    def forward(self, frames: Tensor) -> list[Tensor | None]:
        maps = self.enter(frames.flatten(1, 2))
        states: list[Tensor | None] = []
        for block, leave in zip(self.blocks, self.leave, strict=True):
            maps = block(maps)
            states.append(torch.relu(leave(maps)))
        return states[::-1]
