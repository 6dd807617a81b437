"""Structure over a distance: figures whose right half is the mirror image of the left.

A figure is a coat of coloured cells, drawn anew for each picture, so that nothing but the other half says what a half
must look like: networks that see only what is near make both halves well and match neither.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ganlab import Reading
from ganlab.builtin.datasets import drawing
from ganlab.builtin.truths.drawn import DrawnTruth, Facts, mean_where, share

CELLS = 8
"""Cells along a side."""

FILLED = 0.35
"""The chance of a cell to be coloured."""

SURE = 0.5
"""A pixel is sure if no channel is farther from its colour than this share of half the way to the next one."""

LEAST_SURE = 0.45
"""The share of sure pixels that a picture needs to be readable: mush has fewer."""

LEAST_SMOOTH = 0.55
"""The share of pixels like the one beside them that cells make, and noise does not."""

FIGURE = (0.1, 0.75)
"""Less or more of a picture that is coloured is no figure."""


class Mirrored(DrawnTruth):
    """Figures that are mirrored at the middle."""

    properties = {"mirror": "each coloured pixel has the colour of the pixel opposite"}

    def __init__(self, size: int, channels: int) -> None:
        super().__init__(size, channels)
        inks = drawing.palette(channels) if channels == 3 else torch.tensor([[0.0], [1.0]])
        self.colours = torch.cat([torch.full((1, channels), -1.0), inks])
        self.half_way = 1.0 if channels == 3 else 0.5

    def draw(self, count: int, generator: torch.Generator, broken: str | None = None) -> tuple[Tensor, Facts]:
        across, down = drawing.pixels(self.size)
        column = ((across - 0.5).abs() * CELLS).long().clamp(max=CELLS // 2 - 1)
        row = (down * CELLS).long()

        def coat() -> Tensor:
            filled = torch.rand(count, CELLS, CELLS // 2, generator=generator) < FILLED
            inks = torch.randint(1, len(self.colours), filled.shape, generator=generator)
            return (inks * filled)[:, row.expand(-1, self.size), column.expand(self.size, -1)]

        left = coat()
        right = coat() if broken else left
        return self.colours[torch.where(across < 0.5, left, right)].permute(0, 3, 1, 2).contiguous(), {}

    def look(self, pictures: Tensor) -> Facts:
        # Colours are corners of a cube, or levels on a line: the nearest is found in each channel on its own.
        if self.channels == 3:
            which = ((pictures > 0) * torch.tensor([1, 2, 4])[:, None, None]).sum(1)
            off = (1 - pictures.abs()).amax(1)
        else:
            which = (pictures[:, 0] * 1 + 1.5).floor().long().clamp(0, 2)
            off = (pictures[:, 0] - (which - 1)).abs()
        sure = (off < SURE * self.half_way).flatten(1).float().mean(1)
        opposite = which.flip(2)
        figure = (which > 0) | (opposite > 0)
        agree = ((which == opposite) & figure).flatten(1).sum(1) / figure.flatten(1).sum(1).clamp(min=1)
        coloured = (which > 0).flatten(1).float().mean(1)
        several = torch.stack([(which == each).flatten(1).any(1) for each in range(1, len(self.colours))]).sum(0)
        smooth = (which[..., 1:] == which[..., :-1]).flatten(1).float().mean(1)
        flat = (sure > LEAST_SURE) & (smooth > LEAST_SMOOTH)
        return {
            "readable": flat & (coloured > FIGURE[0]) & (coloured < FIGURE[1]) & (several > 1),
            "agreement": agree,
            "sure": sure,
            "coloured": coloured,
        }

    def sum_up(self, facts: Facts, asked: Mapping[str, Tensor]) -> Reading:
        readable, agreement = facts["readable"], facts["agreement"]
        return Reading(
            share(readable),
            {"mirror": float((agreement * readable).double().mean())},
            {
                "mirror/agreement": mean_where(agreement, readable),
                "mirror/whole": share(readable & (agreement > 0.9)),
                "mirror/coloured": float(facts["coloured"].double().mean()),
                "mirror/sure": float(facts["sure"].double().mean()),
            },
        )
