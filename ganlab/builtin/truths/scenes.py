"""Counting and placing: scenes of a few shapes on a dark ground, no two nearer than a distance.

A generator that has not learnt to count draws one shape too many or half a shape; blobs of mush get counted too, so
that only shapes that fit an outline count, and a scene with anything else in it is read as wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor

from ganlab import Reading
from ganlab.builtin.datasets import drawing
from ganlab.builtin.truths import objects
from ganlab.builtin.truths.drawn import DrawnTruth, Facts, mean_where, seeded, share

RADIUS = 0.11
"""Of the disc; square and triangle are about as large."""

APART = 3.0 * RADIUS
"""The least distance of two centres."""

MARGIN = 1.45 * RADIUS
"""What is left between a centre and the border: no shape is cut."""

HALF, INRADIUS = 0.89 * RADIUS, 0.74 * RADIUS

CELLS = 6
"""Places are compared on a grid of so many by so many."""

TRIES = 24
"""Places that are drawn for a shape before the whole scene is drawn again."""

VALID = 0.78
"""How well an outline must fit, as `objects.whole` has it."""

TOUCHES = 0.95 * APART
"""Centres nearer than this are too near: what is read is a twentieth off at most."""

OFF_COLOUR = 0.6


class Scenes(DrawnTruth):
    """`least` to `most` shapes, each count as frequent as the others."""

    def __init__(self, size: int, channels: int, least: int, most: int) -> None:
        super().__init__(size, channels)
        self.least, self.most = least, most
        self.colours = drawing.palette(channels, ("red", "green", "blue", "yellow", "magenta", "cyan"))
        self.properties = {
            "count": f"{least} to {most} whole shapes and nothing else, or as many as were asked for",
            "shapes": "every thing is a disc, a square or a triangle of one colour",
            "position": f"shapes lie where real ones do, on a grid of {CELLS} x {CELLS}",
        }
        if most > 1:
            self.properties["spacing"] = "no two shapes are nearer to each other than in any real scene"

    def draw(self, count: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Facts]:
        numbers = torch.randint(self.least, self.most + 1, (count,), generator=generator)
        room = self.most
        if broken == "count":
            numbers, room = self.most + torch.randint(1, 3, (count,), generator=generator), self.most + 2
        elif broken == "spacing":
            numbers, room = numbers.clamp(min=2), max(2, self.most)
        x, y = places(count, room, generator, broken)
        kinds = torch.randint(3, (count, room), generator=generator)
        paints = drawing.chosen(generator, self.colours, count, room)
        pictures = drawing.canvas(count, self.channels, self.size)
        across, down = drawing.pixels(self.size)
        turns = drawing.uniform(generator, (count, room, 1, 1), 0, math.pi)
        for each in range(room):
            u, v = across - x[:, each, None, None], down - y[:, each, None, None]
            if broken == "shapes":
                cos, sin = turns[:, each].cos(), turns[:, each].sin()
                distance = drawing.stroke(u * cos + v * sin, v * cos - u * sin, 1.3 * RADIUS, 0.5 * RADIUS)
            else:
                outlines = (drawing.disc(u, v, RADIUS), drawing.square(u, v, HALF), drawing.triangle(u, v, INRADIUS))
                distance = torch.stack(outlines)[kinds[:, each], torch.arange(count)]
            covered = drawing.covered(distance, self.size) * (each < numbers)[:, None, None]
            pictures = drawing.paint(pictures, covered, paints[:, each])
        return pictures, {"label": numbers - self.least}

    def look(self, pictures: Tensor) -> Facts:
        ink = (pictures.amax(1) + 1) / 2
        things = objects.find(ink, 0.15 * math.pi * RADIUS**2)
        outlines: list[objects.Outline] = [
            lambda u, v: drawing.disc(u, v, 1.0),
            lambda u, v: drawing.square(u, v, HALF / RADIUS),
            lambda u, v: drawing.triangle(u, v, INRADIUS / RADIUS),
        ]
        fit = objects.fits(things, ink, RADIUS, outlines, reach=1.8).amax(1)
        off = objects.nearest(objects.colours(things, pictures, ink), self.colours)[1]
        valid = objects.whole(fit, VALID, RADIUS * self.size) & (off <= OFF_COLOUR)
        shapes, all_things = things.per_picture(valid), things.per_picture(valid | True)
        near = nearest_pairs(things, valid)
        cells = torch.zeros(len(pictures), CELLS * CELLS)
        column, row = ((each[valid] * CELLS).long().clamp(0, CELLS - 1) for each in (things.x, things.y))
        cells.index_put_((things.picture[valid], row * CELLS + column), torch.ones(len(row)), accumulate=True)
        return {
            "readable": (shapes > 0) & (shapes == all_things) & ~things.crowded,
            "shapes": shapes,
            "things": all_things,
            "nearest": near,
            "cells": cells,
        }

    def sum_up(self, facts: Facts, asked: Mapping[str, Tensor]) -> Reading:
        readable, shapes = facts["readable"], facts["shapes"]
        wanted = asked["label"] + self.least if "label" in asked else None
        error = (shapes - (shapes.clamp(self.least, self.most) if wanted is None else wanted)).double()
        valid = torch.where(facts["things"] > 0, shapes / facts["things"].clamp(min=1), 0.0)
        several = readable & (shapes > 1)
        cells = facts["cells"].sum(0).double()
        variation, excess = against(cells, self.density)
        counts = torch.bincount(shapes[readable].clamp(0, self.most + 1), minlength=self.most + 2).double()
        even = torch.zeros(self.most + 2).double()
        even[self.least : self.most + 1] = 1 / (self.most + 1 - self.least)
        scores = {
            "count": share(readable & (error == 0)),
            "shapes": float(valid.double().mean()),
            "position": share(readable) * (1 - excess),
        }
        values = {
            "count/error": float((error**2).mean().sqrt()),
            "count/mean": mean_where(shapes, readable),
            "count/variation": against(counts, even)[0],
            "position/variation": variation,
        }
        if "spacing" in self.properties:
            apart = facts["nearest"] >= TOUCHES
            values["spacing/violations"] = 1 - mean_where(apart, several)
            values["spacing/nearest"] = mean_where(facts["nearest"], several)
            scores["spacing"] = 0.0 if not several.any() else share(readable) * mean_where(apart, several)
        return Reading(share(readable), scores, values)

    @cached_property
    def density(self) -> Tensor:
        """The share of the shapes of real scenes in each cell of the grid, (CELLS * CELLS,), of 20,000 scenes."""
        generator = seeded("density")
        numbers = torch.randint(self.least, self.most + 1, (20_000,), generator=generator)
        x, y = places(len(numbers), self.most, generator)
        there = torch.arange(self.most) < numbers[:, None]
        cells = ((y * CELLS).long() * CELLS + (x * CELLS).long())[there]
        return torch.bincount(cells, minlength=CELLS * CELLS).double() / len(cells)


def places(count: int, shapes: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Tensor]:
    """Centres x and y (count, shapes), drawn one after another, each evenly among the places far enough from those
    before it; a scene without room is drawn again. Broken, the second lies too near to the first, or all lie in the
    corners."""
    least = APART if broken != "count" else 0.85 * APART
    spots = torch.zeros(count, shapes, 2)
    todo = torch.arange(count)
    while len(todo):
        kept = torch.zeros(len(todo), shapes, 2)
        good = torch.ones(len(todo), dtype=torch.bool)
        for each in range(shapes):
            tried = drawing.uniform(generator, (len(todo), TRIES, 2), MARGIN, 1 - MARGIN)
            if broken == "position":
                corner = MARGIN + 0.12 * (torch.minimum(tried, 1 - tried) - MARGIN)
                tried = torch.where(tried < 0.5, corner, 1 - corner)
            others = kept[:, :each]
            if broken == "spacing" and each == 1:
                turn = drawing.uniform(generator, (len(todo), TRIES), 0, 2 * math.pi)
                distance = drawing.uniform(generator, (len(todo), TRIES, 1), 0.84 * APART, 0.92 * APART)
                tried = others + distance * torch.stack([turn.cos(), turn.sin()], dim=2)
                others = others[:, :0]
            inside = ((tried >= MARGIN) & (tried <= 1 - MARGIN)).all(2)
            fine = inside & (torch.cdist(tried, others) >= least).all(2)
            kept[:, each] = tried[torch.arange(len(todo)), fine.to(torch.uint8).argmax(1)]
            good &= fine.any(1)
        spots[todo[good]] = kept[good]
        todo = todo[~good]
    return spots[..., 0], spots[..., 1]


def nearest_pairs(things: objects.Things, kept: Tensor) -> Tensor:
    """The least distance of two kept things in each picture (N,); infinite where there are not two."""
    count, picture = len(things.own), things.picture[kept]
    rank = torch.arange(len(picture)) - torch.searchsorted(picture, picture)
    far = 1e3 * torch.arange(1, objects.MOST + 1, dtype=torch.float32)
    spots = far[None, :, None].repeat(count, 1, 2)
    spots[picture, rank] = torch.stack([things.x, things.y], dim=1)[kept]
    distance = torch.cdist(spots, spots)
    first, second = torch.triu_indices(objects.MOST, objects.MOST, 1)
    least = distance[:, first, second].amin(1) if count else torch.zeros(0)
    return torch.where(least < 10, least, torch.inf)


def against(counts: Tensor, expected: Tensor) -> tuple[float, float]:
    """Total variation between the shares of `counts` and the `expected` ones, and its excess, 0..1, over what as many
    draws of the expected show on average (the mean deviation of binomial shares). 1 of no counts at all."""
    number = counts.sum()
    if not number > 0:
        return 1.0, 1.0
    variation = float((counts / number - expected).abs().sum() / 2)
    floor = float((expected * (1 - expected) * 2 / (math.pi * number)).sqrt().sum() / 2)
    return variation, max(0.0, (variation - floor) / (1 - floor)) if floor < 1 else 0.0
