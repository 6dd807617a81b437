"""Moving shapes, drawn on tensors: where each is at every moment, and how it looks there.

Lengths are in units of the frame's width, x to the right and y downwards. A shape flies straight and bounces off the
walls without losing speed; shapes fly past one another, the later before the earlier, and hide what is behind them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

COLOURS = torch.tensor(
    [[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]]
)  # red, green, blue, yellow, magenta, cyan: corners of the colour cube

KINDS = ("disc", "square", "triangle")

SIDE, INRADIUS = 0.89, 0.74
"""Half the side of the square, the triangle's inradius, of the disc's radius: all are about as large."""

MARGIN = 1.2
"""How near a centre comes to a wall, in radii."""


@dataclass(frozen=True)
class Scene:
    """N clips of S shapes over T frames: centres (N, T, S, 2), and of each shape (N, S) kind and colour."""

    centres: Tensor
    kind: Tensor
    colour: Tensor


def drawn_scene(
    count: int,
    frames: int,
    shapes: int,
    kinds: Sequence[int],
    radius: float,
    speed: tuple[float, float],
    generator: torch.Generator,
) -> Scene:
    """Places even, directions even, speeds even within `speed` (widths a frame); no two shapes of a clip of one
    colour."""
    room = 1 - 2 * MARGIN * radius
    start = torch.rand(count, shapes, 2, generator=generator)
    angle = torch.rand(count, shapes, generator=generator) * 2 * math.pi
    fast = speed[0] + (speed[1] - speed[0]) * torch.rand(count, shapes, generator=generator)
    velocity = fast[..., None] * torch.stack([angle.cos(), angle.sin()], 2) / room
    time = torch.arange(frames, dtype=torch.float32)[:, None, None]
    centres = MARGIN * radius + room * bounced(start[:, None] + velocity[:, None] * time)
    kind = torch.tensor(list(kinds))[torch.randint(len(kinds), (count, shapes), generator=generator)]
    colour = torch.rand(count, len(COLOURS), generator=generator).argsort(1)[:, :shapes]
    return Scene(centres, kind, colour)


def bounced(place: Tensor) -> Tensor:
    """A place on the line as one in [0, 1] between two walls."""
    return 1 - ((place % 2) - 1).abs()


def outline(kind: int, u: Tensor, v: Tensor) -> Tensor:
    """Distance to the outline of a shape of radius 1 around the origin; negative inside."""
    if kind == 0:
        return torch.hypot(u, v) - 1
    if kind == 1:
        return torch.maximum(u.abs(), v.abs()) - SIDE
    return torch.maximum(u.abs() * (3**0.5 / 2) - v / 2, v) - INRADIUS


def covered(kind: int, x: Tensor, y: Tensor, radius: float, size: int) -> Tensor:
    """How much of each pixel (..., size, size) lies inside a shape with its centre at `x`, `y` (...), 0..1."""
    along = (torch.arange(size) + 0.5) / size
    u = (along - x[..., None, None]) / radius
    v = (along[:, None] - y[..., None, None]) / radius
    return (0.5 - outline(kind, u, v) * radius * size).clamp(0, 1)


def rendered(scene: Scene, radius: float, size: int) -> Tensor:
    """The clips (N, T, 3, size, size) in [-1, 1], on black."""
    count, frames, shapes, _ = scene.centres.shape
    video = torch.full((count, frames, 3, size, size), -1.0)
    for each in range(shapes):
        x, y = scene.centres[:, :, each].unbind(-1)
        share = torch.zeros(count, frames, size, size)
        for kind in range(len(KINDS)):
            rows = scene.kind[:, each] == kind
            share[rows] = covered(kind, x[rows], y[rows], radius, size)
        paint = COLOURS[scene.colour[:, each]][:, None, :, None, None]
        video = torch.lerp(video, paint.expand_as(video), share[:, :, None].expand_as(video))
    return video
