"""Structure over a distance: marks in the four corners that must agree.

Each corner holds a bar in one of four directions. Those of the upper corners, A and B, say what the lower left one must
be: C = (A + B) mod 4; the lower right one, D, is free. Each mark is easy and each is right on its own: only the whole
can be wrong. D shows that a generator which obeys has not merely learnt a few pictures by heart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ganlab import Reading
from ganlab.builtin.datasets import drawing
from ganlab.builtin.truths.drawn import DrawnTruth, Facts, share

MARKS = 4
HALF_LENGTH, HALF_WIDTH = 0.14, 0.045

CORNERS = ((0.26, 0.26), (0.74, 0.26), (0.26, 0.74), (0.74, 0.74))
"""Where A, B, C and D are, x and y."""

WANDERS = 0.04
"""How far a mark lies from there, in x and in y, at most."""

LEAST_INK = 0.35
"""Share of a mark's ink that must be in its corner."""

ALIKE, AHEAD = 0.72, 0.08
"""Cosine to the nearest mark, and by how much it exceeds that to the next."""


class JointParts(DrawnTruth):
    """Four marks, three of which must agree."""

    properties = {
        "rule": "all four marks are read and C is (A + B) mod 4",
        "free": "D, which nothing decides, is each of the four marks as often (its entropy over ln 4)",
    }

    def __init__(self, size: int, channels: int) -> None:
        super().__init__(size, channels)
        self.colours = drawing.palette(channels)

    def draw(self, count: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Facts]:
        marks = torch.randint(MARKS, (count, 4), generator=generator)
        if broken != "rule":
            marks[:, 2] = (marks[:, 0] + marks[:, 1]) % MARKS
        if broken == "free":
            marks[:, 3] = 0
        pictures = drawing.canvas(count, self.channels, self.size)
        for corner, spot in enumerate(CORNERS):
            x, y = (
                drawing.uniform(generator, (2, count, 1, 1), -WANDERS, WANDERS)
                + torch.tensor(spot)[:, None, None, None]
            )
            covered = drawing.covered(mark(self.size, x, y, marks[:, corner, None, None]), self.size)
            pictures = drawing.paint(pictures, covered, drawing.chosen(generator, self.colours, count))
        return pictures, {}

    def look(self, pictures: Tensor) -> Facts:
        ink = (pictures.amax(1) + 1) / 2
        ink = (ink - 0.2).clamp(min=0)  # noise of the ground, of which there is much, would pull the centres
        across, down = drawing.pixels(self.size)
        least = LEAST_INK * 4 * HALF_LENGTH * HALF_WIDTH * self.size**2 * 0.8
        marks, sure = [], []
        for x, y in CORNERS:
            quarter = ((across < 0.5) == (x < 0.5)) & ((down < 0.5) == (y < 0.5))
            here = ink * quarter
            mass = here.sum((1, 2))
            middle_x, middle_y = ((here * each).sum((1, 2)) / mass.clamp(min=1e-6) for each in (across, down))
            likeness = torch.stack(
                [self.likeness(here, middle_x, middle_y, direction) for direction in range(MARKS)], dim=1
            )
            best, next_best = likeness.topk(2, dim=1)[0].unbind(1)
            marks.append(likeness.argmax(1))
            sure.append((mass > least) & (best > ALIKE) & (best - next_best > AHEAD))
        return {"readable": torch.stack(sure, dim=1).all(1), "marks": torch.stack(marks, dim=1)}

    def likeness(self, here: Tensor, x: Tensor, y: Tensor, direction: int) -> Tensor:
        """The cosine (N,) of the ink to a mark with its centre there."""
        drawn = drawing.covered(mark(self.size, x[:, None, None], y[:, None, None], torch.tensor(direction)), self.size)
        norms = here.flatten(1).norm(dim=1) * drawn.flatten(1).norm(dim=1)
        cosine: Tensor = (here * drawn).sum((1, 2)) / norms.clamp(min=1e-6)
        return cosine

    def sum_up(self, facts: Facts, asked: Mapping[str, Tensor]) -> Reading:
        readable, marks = facts["readable"], facts["marks"]
        holds = (marks[:, 0] + marks[:, 1]) % MARKS == marks[:, 2]
        entropy = entropy_of(torch.bincount(marks[readable, 3], minlength=MARKS))
        pairs = entropy_of(torch.bincount(marks[readable, 0] * MARKS + marks[readable, 1], minlength=MARKS**2))
        return Reading(
            share(readable),
            {"rule": share(readable & holds), "free": share(readable) * (entropy if readable.any() else 0.0)},
            {
                "rule/among-readable": share(holds[readable]),
                "rule/pairs-entropy": pairs,
                "free/entropy": entropy,
            },
        )


def mark(size: int, x: Tensor, y: Tensor, direction: Tensor) -> Tensor:
    """Distance to the outline of a bar around x, y (N, 1, 1), turned by `direction` eighths of a full turn."""
    across, down = drawing.pixels(size)
    u, v = across - x, down - y
    turn = direction * (math.pi / MARKS)
    cos, sin = torch.cos(turn), torch.sin(turn)
    return drawing.stroke(u * cos + v * sin, v * cos - u * sin, HALF_LENGTH, HALF_WIDTH)


def entropy_of(counts: Tensor) -> float:
    """Entropy of the shares, over the greatest it can be; NaN of nothing."""
    shares = counts.double() / counts.sum()
    return float(torch.special.entr(shares).sum()) / math.log(len(counts))
