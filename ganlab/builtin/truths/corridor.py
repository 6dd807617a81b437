"""Perspective, first law: lines that run away from us meet in one point.

A corridor is four lines, the edges of its floor and ceiling, each in a colour of its own. They end before they meet, so
that nothing near one line says where the others point: each is fitted on its own, and the fits must agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from ganlab import Reading
from ganlab.builtin.datasets import drawing
from ganlab.builtin.truths import objects
from ganlab.builtin.truths.drawn import DrawnTruth, Facts, mean_where, share

LINES = 4

HALF_WIDTH = 0.035

BEGINS = 0.17
"""How far from the vanishing point a line begins: the wall at the end."""

MARGIN = 0.07

SEEN = 0.35
"""Ink, 0..1, that a pixel of a line has at least; its neighbours are its edge."""

WANDERS = 0.1
"""How far the vanishing point lies from the middle, in x and in y, at most."""

TURNS = 0.3
"""By how much, in radians, a line turns from the diagonal, at most."""

JITTER = 0.135
"""Broken, each line runs to a point of its own, this far from the common one (standard deviation in x and in y)."""

CONSISTENT = 0.015
"""Lines agree if their RMS distance to the point nearest to all, in widths, is below this."""

STRAIGHT, LONG = 0.05, 0.12
"""A line's pixels lie within that RMS distance of it, and reach at least that far."""

NEAR = 0.06
"""Fits weigh a pixel by exp(-(distance / NEAR)^2), so that a speck of the colour far away does not turn the line."""

KEPT = 0.6
"""Share of a colour's ink that must lie along the line."""

BETWEEN = math.radians(30)
"""The least angle between neighbouring lines, as seen from the point where they meet."""


class Corridor(DrawnTruth):
    """Four lines through one vanishing point."""

    properties = {"vanishing-point": "the four lines meet in one point"}

    def __init__(self, size: int, channels: int) -> None:
        super().__init__(size, channels)
        self.colours = drawing.palette(channels, ("red", "green", "blue", "yellow"))

    def draw(self, count: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Facts]:
        point = drawing.uniform(generator, (count, 1, 2), 0.5 - WANDERS, 0.5 + WANDERS)
        diagonals = torch.tensor([-0.75, -0.25, 0.75, 0.25]) * math.pi
        turn = diagonals + drawing.uniform(generator, (count, LINES), -TURNS, TURNS)
        along = torch.stack([turn.cos(), turn.sin()], dim=2)
        room = (torch.where(along > 0, 1 - MARGIN - point, point - MARGIN) / along.abs()).amin(2)
        middle = point + along * (BEGINS + room)[..., None] / 2
        if broken:
            own = middle - point - JITTER * torch.randn(count, LINES, 2, generator=generator)
            along = own / own.norm(dim=2, keepdim=True).clamp(min=1e-6)
        pictures = drawing.canvas(count, self.channels, self.size)
        across, down = drawing.pixels(self.size)
        for each in range(LINES):
            u, v = across - middle[:, each, :1, None], down - middle[:, each, 1:, None]
            cos, sin = along[:, each, :1, None], along[:, each, 1:, None]
            half_length = ((room - BEGINS) / 2)[:, each, None, None]
            distance = drawing.stroke(u * cos + v * sin, v * cos - u * sin, half_length, HALF_WIDTH)
            colour = self.colours[each % len(self.colours)]
            pictures = drawing.paint(pictures, drawing.covered(distance, self.size), colour)
        return pictures, {}

    def look(self, pictures: Tensor) -> Facts:
        light = lit(pictures)
        inks = self.by_colour(light) if self.channels == 3 else by_piece(light[:, 0])
        centre, along, good = fitted(inks)
        normal = torch.stack([-along[..., 1], along[..., 0]], dim=2)
        offset = (normal * centre).sum(2)
        # The point nearest to all lines in the sense of least squares: sum n n' p = sum n (n . c).
        matrix = normal.mT @ normal
        point = torch.linalg.lstsq(matrix + 1e-9 * torch.eye(2), (normal * offset[..., None]).sum(1)[..., None])[0]
        away = (normal * point[:, None, :, 0]).sum(2) - offset
        spokes = centre - point[:, None, :, 0]
        angles = torch.atan2(spokes[..., 1], spokes[..., 0]).sort(1)[0]
        gaps = torch.cat([angles.diff(dim=1), angles[:, :1] + 2 * math.pi - angles[:, -1:]], dim=1)
        return {
            "readable": good.all(1) & (gaps.amin(1) > BETWEEN),
            "lines": good.sum(1),
            "distance": (away**2).mean(1).sqrt().to(torch.float32),
        }

    def sum_up(self, facts: Facts, asked: Mapping[str, Tensor]) -> Reading:
        readable, distance = facts["readable"], facts["distance"]
        consistent = distance < CONSISTENT
        return Reading(
            share(readable),
            {"vanishing-point": share(readable & consistent)},
            {
                "vanishing-point/distance": mean_where(distance, readable),
                "vanishing-point/consistent": mean_where(consistent, readable),
                "vanishing-point/lines": float(facts["lines"].double().mean()),
            },
        )

    def by_colour(self, light: Tensor) -> Tensor:
        """The ink of each line (N, LINES, H, W): of the pixels most like its colour."""
        directions = (self.colours + 1) / 2
        directions = directions / directions.norm(dim=1, keepdim=True)
        along = torch.einsum("nchw,kc->nkhw", light, directions)
        strength, which = along.max(1, keepdim=True)
        alike = strength / light.norm(dim=1, keepdim=True).clamp(min=1e-6) > 0.85
        mine = alike & (strength > SEEN) & (which == torch.arange(LINES)[:, None, None])
        dense = avg_pool2d(mine.to(torch.float32), 3, stride=1, padding=1) * 9
        mine = (mine & (dense > 2.5)).to(torch.float32)  # edges of yellow in noise have specks of red and green
        theirs = mine.amax(1, keepdim=True) - mine
        edges: Tensor = max_pool2d(mine, 3, stride=1, padding=1)
        ink: Tensor = along * (edges - theirs).clamp(0, 1)
        return ink


def lit(pictures: Tensor) -> Tensor:
    """How far each pixel is above the dark ground, which is most of a picture, in each channel: 0..1."""
    ground = pictures.flatten(2).median(2)[0].clamp(max=0)[..., None, None]
    return ((pictures - ground) / (1 - ground)).clamp(min=0)


def by_piece(light: Tensor) -> Tensor:
    """The ink of each line (N, LINES, H, W) of pictures (N, H, W) without colour: of the largest pieces that hang
    together. What is left beside them counts to the last, which is then no line."""
    things = objects.find(light * (0.5 / SEEN), LONG * HALF_WIDTH)
    count = len(light)
    order = torch.argsort(things.area, descending=True, stable=True)
    order = order[torch.argsort(things.picture[order], stable=True)]
    first = torch.searchsorted(things.picture[order].contiguous(), things.picture[order].contiguous())
    line = torch.zeros(len(things) + 1, dtype=torch.int64)
    line[order + 1] = (torch.arange(len(things)) - first).clamp(max=LINES - 1)
    own = objects.widened(things.own)
    which = torch.where(own > 0, line[own], -1).view(count, 1, *light.shape[1:])
    return torch.where(which == torch.arange(LINES)[:, None, None], light[:, None], 0.0)


def fitted(inks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A line through each ink (N, K, H, W) by total least squares, drawn to the near pixels twice: a point of it and
    its direction (N, K, 2), float64, and whether it is one (N, K)."""
    across, down = drawing.pixels(inks.shape[-1])
    x, y = ((each - 0.5).double() for each in (across + 0 * down, down + 0 * across))
    moments = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], dim=2).flatten(0, 1)
    whole = inks.flatten(2).double()
    weight = whole
    for again in range(3):
        sums = weight @ moments
        mass = sums[..., 0]
        mean_x, mean_y, xx, xy, yy = (sums[..., 1:] / mass.clamp(min=1e-9)[..., None]).unbind(2)
        spread = torch.stack([xx - mean_x**2, *[xy - mean_x * mean_y] * 2, yy - mean_y**2], dim=2).reshape(
            *xx.shape, 2, 2
        )
        lengths, axes = torch.linalg.eigh(spread)
        along = axes[..., 1]
        centre = torch.stack([mean_x, mean_y], dim=2)
        if again < 2:
            normal = torch.stack([-along[..., 1], along[..., 0]], dim=2)
            off = normal @ moments[:, 1:3].T - (normal * centre).sum(2, keepdim=True)
            weight = whole * torch.exp(-((off / NEAR) ** 2))
    kept = mass / whole.sum(2).clamp(min=1e-9)
    thin, long = lengths.clamp(min=0).sqrt().unbind(2)
    straight = (thin < STRAIGHT) & (long * math.sqrt(12) > LONG) & (long > 1.6 * thin)
    return centre + 0.5, along, straight & (kept > KEPT)
