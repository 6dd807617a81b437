"""Perspective, second law: things on a plane look smaller the nearer they are to the horizon.

Discs of one size stand on the ground before a pinhole camera: the radius of each in the picture, over how far below
the horizon it touches the ground, is the same number for all. In a flat picture discs of any size stand anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ganlab import Reading
from ganlab.builtin.datasets import drawing
from ganlab.builtin.truths import objects
from ganlab.builtin.truths.drawn import DrawnTruth, Facts, mean_where, share

GROUND = -0.3
"""The level of the ground in all channels; the sky is black."""

RATIO = 0.31
"""Radius over depth, where depth is how far below the horizon a disc touches the ground. Below one half, so that no
disc reaches the horizon."""

HORIZON = (0.2, 0.32)
NEAREST_TO_HORIZON = 0.2
LOWEST = 0.97

BETWEEN = 0.07
"""The least gap between two discs."""

TRIES = 32

ROUND = 0.75
"""How well a disc of its own area must fit a thing."""

CONSISTENT = 0.12
"""Discs obey the law if the coefficient of variation of their ratios is below this."""

FAINT = 0.2
"""Ground and sky differ at least by this level."""

HAZY = 0.05
"""How far the rows may be, in all, from a sharp horizon, in heights."""


class GroundPlane(DrawnTruth):
    """`discs` discs on a plane."""

    properties = {"size-law": "the size of the discs falls with their distance as a pinhole camera has it"}

    def __init__(self, size: int, channels: int, discs: int) -> None:
        super().__init__(size, channels)
        self.discs = discs
        self.colours = drawing.palette(channels, ("red", "green", "blue", "yellow", "magenta", "cyan"))

    def draw(self, count: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Facts]:
        horizon, x, y, radius = places(count, self.discs, generator, broken is not None)
        across, down = drawing.pixels(self.size)
        pictures = drawing.canvas(count, self.channels, self.size)
        ground = drawing.covered(horizon[:, None, None] - down + 0 * across, self.size)
        pictures = drawing.paint(pictures, ground, torch.full((self.channels,), GROUND))
        for each in range(self.discs):
            u, v = across - x[:, each, None, None], down - y[:, each, None, None]
            covered = drawing.covered(drawing.disc(u, v, radius[:, each, None, None]), self.size)
            colours = drawing.chosen(generator, self.colours, count)
            pictures = drawing.paint(pictures, covered, colours)
        return pictures, {}

    def look(self, pictures: Tensor) -> Facts:
        horizon, clear = horizons(pictures)
        strongest = pictures.amax(1)
        ink = ((strongest - GROUND) / (1 - GROUND)).clamp(0, 1)
        things = objects.find(ink, 0.25 * math.pi * (RATIO * NEAREST_TO_HORIZON) ** 2)
        area, y = measured(things, pictures, self.colours)
        radius = (area.clamp(min=1e-6) / math.pi).sqrt()
        fit = objects.fits(things, ink, radius, [lambda u, v: drawing.disc(u, v, 1.0)], reach=1.6)[:, 0]
        depth = y + radius - horizon[things.picture]
        good = objects.whole(fit, ROUND, radius * self.size) & (depth > 1.2 * radius)
        ratio = radius / depth.clamp(min=1e-6)
        discs, all_things = things.per_picture(good), things.per_picture(good | True)
        mean, variation = varying(things, good, ratio)
        return {
            "readable": clear & (discs >= self.discs) & (discs == all_things) & ~things.crowded,
            "variation": variation,
            "ratio": mean,
            "spread": varying(things, good, depth)[1],
            "discs": discs,
        }

    def sum_up(self, facts: Facts, asked: Mapping[str, Tensor]) -> Reading:
        readable, variation = facts["readable"], facts["variation"]
        consistent = variation < CONSISTENT
        return Reading(
            share(readable),
            {"size-law": share(readable & consistent)},
            {
                "size-law/cv": mean_where(variation, readable),
                "size-law/consistent": mean_where(consistent, readable),
                "size-law/ratio": mean_where(facts["ratio"], readable),
                "size-law/spread": mean_where(facts["spread"], readable),
                "size-law/discs": float(facts["discs"].double().mean()),
            },
        )


def horizons(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Where the sky ends (N,), by the median of what is bare of discs in each row, and whether it ends sharply (N,)."""
    size = pictures.shape[-1]
    bare = torch.where(pictures.amax(1) < (GROUND + 1) / 2, pictures.mean(1), torch.nan)
    rows = bare.nanmedian(2)[0]
    above = rows[:, : size // 8].nanmedian(1, keepdim=True)[0]
    below = bare[:, size // 2 :].flatten(1).nanmedian(1, keepdim=True)[0]
    above, below = above.nan_to_num(1.0), below.nan_to_num(-1.0)
    rows = torch.where(rows.isnan(), below, rows)
    sky = ((below - rows) / (below - above).clamp(min=FAINT)).clamp(0, 1)
    horizon = sky.mean(1)
    expected = (horizon[:, None] * size - torch.arange(size)).clamp(0, 1)
    clear = (below - above > FAINT)[:, 0] & ((sky - expected).abs().mean(1) < HAZY) & (horizon > 0.05) & (horizon < 0.8)
    return horizon, clear


def measured(things: objects.Things, pictures: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Area and y (M,) of each thing, by how far each pixel has gone from the ground's colour to the thing's: a linear
    measure, so that blur and noise leave the mean as it is."""
    own = objects.widened(things.own)
    ink = ((pictures.amax(1) - GROUND) / (1 - GROUND)).clamp(0, 1)
    which = objects.nearest(objects.colours(things, pictures, ink), known)[0]
    colour = torch.cat([known[:1], known[which]])[own].permute(0, 3, 1, 2) - GROUND
    gone = ((pictures - GROUND) * colour).sum(1) / (colour**2).sum(1)
    _, y = drawing.pixels(pictures.shape[-1])
    mass, at_y = objects.gathered(own, gone, len(things)), objects.gathered(own, gone * y, len(things))
    return mass / pictures.shape[-1] ** 2, at_y / mass.clamp(min=1e-6)


def varying(things: objects.Things, kept: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """The mean of the kept values (M,) of each picture (N,), and their coefficient of variation."""
    picture, count = things.picture[kept], things.per_picture(kept).clamp(min=1)

    def mean(of: Tensor) -> Tensor:
        return torch.bincount(picture, weights=of[kept].double(), minlength=len(count)) / count

    middle = mean(values)
    deviation = mean((values - middle[things.picture]) ** 2).sqrt()
    return middle.to(torch.float32), (deviation / middle.abs().clamp(min=1e-6)).to(torch.float32)


def places(count: int, discs: int, generator: torch.Generator, broken: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The horizon (count,), and of each disc x, y and radius (count, discs): anywhere on the ground with room around.
    Broken, a disc has the radius that fits another depth."""
    found = [torch.zeros(count), *torch.zeros(3, count, discs)]
    todo = torch.arange(count)
    while len(todo):
        horizon = drawing.uniform(generator, (len(todo),), *HORIZON)
        kept = torch.zeros(3, len(todo), discs)
        good = torch.ones(len(todo), dtype=torch.bool)
        for each in range(discs):
            deepest = LOWEST - horizon[:, None]
            depth, other = (
                NEAREST_TO_HORIZON + (deepest - NEAREST_TO_HORIZON) * drawing.uniform(generator, (len(todo), TRIES))
                for _ in range(2)
            )
            radius = RATIO * (other if broken else depth)
            x = radius + (1 - 2 * radius) * drawing.uniform(generator, (len(todo), TRIES))
            y = horizon[:, None] + depth - radius
            gap = torch.hypot(x[..., None] - kept[0, :, None, :each], y[..., None] - kept[1, :, None, :each])
            apart = (gap - radius[..., None] - kept[2, :, None, :each] >= BETWEEN).all(2)
            fine = apart & (2 * radius < depth)
            first = fine.to(torch.uint8).argmax(1, keepdim=True)
            kept[:, :, each] = torch.stack([part.gather(1, first)[:, 0] for part in (x, y, radius)])
            good &= fine.any(1)
        for part, values in zip(found, (horizon, *kept), strict=True):
            part[todo[good]] = values[good]
        todo = todo[~good]
    return found[0], found[1], found[2], found[3]
