"""Drawing on tensors: shapes as distances to their outline, so that thousands of small pictures are drawn at once.

Places and lengths are in units of the picture's width, x to the right and y downwards, so that a scene is the same at
every size. A picture is (N, C, H, W) in [-1, 1]; an edge covers its pixels in part, as in a photograph.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

COLOURS = {
    "red": (1.0, -1.0, -1.0),
    "green": (-1.0, 1.0, -1.0),
    "blue": (-1.0, -1.0, 1.0),
    "yellow": (1.0, 1.0, -1.0),
    "magenta": (1.0, -1.0, 1.0),
    "cyan": (-1.0, 1.0, 1.0),
    "white": (1.0, 1.0, 1.0),
}
"""Corners of the colour cube: each channel is fully on or off, and at least one is on."""


def palette(channels: int, names: Sequence[str] = tuple(COLOURS)) -> Tensor:
    """The colours (K, channels) of a picture; with one channel there is white alone."""
    return torch.tensor([COLOURS[name] for name in names]) if channels == 3 else torch.ones(1, 1)


def pixels(size: int) -> tuple[Tensor, Tensor]:
    """Where the centres of the pixels are: x (1, size) and y (size, 1)."""
    along = (torch.arange(size) + 0.5) / size
    return along[None, :], along[:, None]


def canvas(count: int, channels: int, size: int, level: float = -1.0) -> Tensor:
    """Pictures of one level."""
    return torch.full((count, channels, size, size), level)


def disc(x: Tensor, y: Tensor, radius: Tensor | float) -> Tensor:
    """Distance to the outline of a disc around the origin; negative inside."""
    return torch.hypot(x, y) - radius


def square(x: Tensor, y: Tensor, half: Tensor | float) -> Tensor:
    """The same of an upright square of side 2 `half`."""
    return torch.maximum(x.abs(), y.abs()) - half


def triangle(x: Tensor, y: Tensor, inradius: Tensor | float) -> Tensor:
    """The same of an equilateral triangle that stands on its base, its centre of mass in the origin."""
    return torch.maximum(x.abs() * (3**0.5 / 2) - y / 2, y) - inradius


def stroke(x: Tensor, y: Tensor, half_length: Tensor | float, half_width: Tensor | float) -> Tensor:
    """The same of a bar along x with straight ends."""
    return torch.maximum(x.abs() - half_length, y.abs() - half_width)


def covered(distance: Tensor, size: int) -> Tensor:
    """How much of each pixel lies inside (0..1), by the distance of its centre to the outline."""
    return (0.5 - distance * size).clamp(0, 1)


def paint(pictures: Tensor, share: Tensor, colour: Tensor) -> Tensor:
    """The pictures with `colour` (N, C) or (C,) where `share` (N, H, W) of a pixel is covered."""
    return torch.lerp(pictures, colour[..., :, None, None].expand_as(pictures), share[:, None])


def levels(pictures: Tensor) -> Tensor:
    """Pictures as bytes 0..255, as datasets keep them."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round_().to(torch.uint8)


def uniform(generator: torch.Generator, shape: Sequence[int], low: float = 0.0, high: float = 1.0) -> Tensor:
    """Evenly drawn numbers between `low` and `high`."""
    return torch.rand(*shape, generator=generator) * (high - low) + low


def chosen(generator: torch.Generator, colours: Tensor, *shape: int) -> Tensor:
    """Colours (*shape, C) drawn from `colours` (K, C)."""
    return colours[torch.randint(len(colours), shape, generator=generator)]
