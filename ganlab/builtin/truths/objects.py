"""Finding things in pictures: patches of ink that hang together, where they are, and how well a shape fits each.

Ink is what stands out of the ground, 0..1 in each pixel. The outline is where it passes one half: blur moves that line
little, and noise of a tenth of the contrast never reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import label
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from ganlab.builtin.datasets.drawing import pixels

MOST = 16
"""A picture with more things than these is noise, and nothing in it is looked at."""

ACROSS = 28
"""Points along the side of the window in which a shape is compared."""

SMALL = 2.2
"""A thing of a smaller radius, in pixels, shows little of its outline, and a tenth less of it must fit."""

FLAT = np.zeros((3, 3, 3), dtype=bool)
FLAT[1] = [[False, True, False], [True, True, True], [False, True, False]]
"""Pixels hang together with their four neighbours in the same picture."""

Outline = Callable[[Tensor, Tensor], Tensor]
"""Distance to a shape's outline from points around its centre, in the shape's own unit; negative inside."""


@dataclass(frozen=True)
class Things:
    """M things found in N pictures: which picture each is in, where its centre is, how large it is (all (M,), units of
    the width), and `own` (N, H, W), the number of the thing each pixel belongs to, from 1; 0 is ground."""

    picture: Tensor
    x: Tensor
    y: Tensor
    area: Tensor
    own: Tensor
    crowded: Tensor
    """Pictures (N,), bool, with more than `MOST`, of which none are listed."""

    def __len__(self) -> int:
        return len(self.picture)

    def per_picture(self, flags: Tensor) -> Tensor:
        """How many of the things of each picture (N,) have their flag (M,) set."""
        return torch.bincount(self.picture[flags], minlength=len(self.own))


def find(ink: Tensor, least: float) -> Things:
    """Things of an area of `least` or more in `ink` (N, H, W); what is smaller is a speck and passed over."""
    count, size = len(ink), ink.shape[-1]
    numbers, found = label((ink > 0.5).numpy(), FLAT)
    own = torch.from_numpy(numbers.astype(np.int64))
    in_pixels = torch.bincount(own.flatten(), minlength=found + 1)
    which = torch.zeros(found + 1, dtype=torch.int64)
    which[own.flatten()] = torch.arange(count).repeat_interleave(size * size)
    large = in_pixels >= max(1.0, least * size * size)
    large[0] = False
    many = torch.bincount(which[large], minlength=count) > MOST
    kept = (large & ~many[which]).nonzero().flatten() if count else torch.zeros(0, dtype=torch.int64)
    renamed = torch.zeros(found + 1, dtype=torch.int64)
    renamed[kept] = torch.arange(1, len(kept) + 1)
    own = renamed[own]
    x, y = pixels(size)
    mass = gathered(own, ink, len(kept))
    return Things(
        picture=which[kept],
        x=gathered(own, ink * x, len(kept)) / mass,
        y=gathered(own, ink * y, len(kept)) / mass,
        area=in_pixels[kept].to(torch.float32) / size**2,
        own=own,
        crowded=many,
    )


def gathered(own: Tensor, values: Tensor, count: int) -> Tensor:
    """The sum of `values` (N, H, W) over the pixels of each of `count` things."""
    sums = torch.bincount(own.flatten(), weights=values.flatten().double(), minlength=count + 1)
    return sums[1:].to(torch.float32)


def widened(own: Tensor) -> Tensor:
    """The same things with the pixels around them; one that touches two goes to the later."""
    around = max_pool2d(own[:, None].double(), 3, stride=1, padding=1)[:, 0].to(torch.int64)
    return torch.where(own > 0, own, around)


def colours(things: Things, pictures: Tensor, ink: Tensor) -> Tensor:
    """The mean colour (M, C) of each thing, mostly of where its ink is deep."""
    deep = (ink - 0.45).clamp(min=0) ** 2
    weight = gathered(things.own, deep, len(things)).clamp(min=1e-6)
    channels = [gathered(things.own, pictures[:, each] * deep, len(things)) for each in range(pictures.shape[1])]
    return torch.stack(channels, dim=1) / weight[:, None]


def nearest(seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Which of the colours `known` (K, C) each seen one (M, C) is nearest to, and how far it is in a channel (RMS)."""
    distance, which = torch.cdist(seen, known).min(1) if len(seen) else (seen.sum(1), seen.sum(1).to(torch.int64))
    return which, distance / seen.shape[1] ** 0.5


def fits(things: Things, ink: Tensor, unit: Tensor | float, outlines: list[Outline], reach: float) -> Tensor:
    """How well each outline fits each thing (M, K): area in common over area of both together, 0..1.

    `unit` is the length in which the outlines are given, of each thing (M,) or of all; `reach` how far, in that unit,
    the window goes to each side of the thing's centre.
    """
    size, many = ink.shape[-1], len(things)
    along = (torch.arange(ACROSS) + 0.5) / ACROSS * 2 - 1
    u, v = reach * along[None, None, :], reach * along[None, :, None]
    scale = torch.as_tensor(unit, dtype=torch.float32).expand(many)[:, None, None]
    x = (things.x[:, None, None] + scale * u).expand(-1, ACROSS, -1)
    y = (things.y[:, None, None] + scale * v).expand(-1, -1, ACROSS)
    places = torch.stack([x * 2 - 1, y * 2 - 1], dim=-1)
    inks = grid_sample(ink[things.picture][:, None], places, padding_mode="zeros", align_corners=False)[:, 0]
    column, row = (x * size).long().clamp(0, size - 1), (y * size).long().clamp(0, size - 1)
    owner = things.own[things.picture[:, None, None], row, column]
    mine = (owner == torch.arange(1, many + 1)[:, None, None]) | (owner == 0)
    inside = (inks > 0.5) & mine
    shares = []
    for outline in outlines:
        shape = outline(u, v) <= 0
        common, both = (inside & shape).flatten(1).sum(1), (inside | shape).flatten(1).sum(1)
        shares.append(common / both.clamp(min=1))
    return torch.stack(shares, dim=1)


def whole(fit: Tensor, least: float, radius: Tensor | float) -> Tensor:
    """Which things (M,), of that radius in pixels, an outline fits as well as it must."""
    return fit >= torch.where(torch.as_tensor(radius) < SMALL, least - 0.13, least)
