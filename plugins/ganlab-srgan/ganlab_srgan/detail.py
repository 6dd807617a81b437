"""A space that sees what enlarging must invent, and hardly anything else: how much fine detail there is, and of what
kind.

In spaces that see shapes and colours a blurred picture lies near the sharp one; here it is far from all that is sharp,
so that coverage tells whether a generator makes detail like that of real pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor

LEVELS = 2
"""Scales that are looked at: detail of one and of two pixels, which a picture four times smaller cannot hold."""

FAINT = 0.01
"""Detail of less than about one step of 8 bits counts as none."""


class Detail(ganlab.Features):
    """For each of two scales, the logarithms of how strong differences are across, down and along both diagonals, and
    of how unevenly they lie; 10 dimensions, for pictures of 16 x 16 and more, of the mean of their channels."""

    name = "detail-v1"

    def __init__(self, field: ganlab.Field, /) -> None:
        if field.kind != "image" or min(field.shape[1:]) < 16:
            raise ganlab.RecipeError(f"'detail' embeds pictures of 16 pixels or more, not '{field.kind}' {field.shape}")
        self.fingerprint = self.name

    def embed(self, data: Tensor) -> Tensor:
        import torch
        from torch.nn.functional import avg_pool2d

        grey, found = data.float().mean(1, keepdim=True), []
        for _ in range(LEVELS):
            a, b = grey[..., :-1, :-1], grey[..., :-1, 1:]
            c, d = grey[..., 1:, :-1], grey[..., 1:, 1:]
            strong = [(b - a + d - c) / 2, (c - a + d - b) / 2, (a - d) / 2**0.5, (b - c) / 2**0.5]
            sizes = [each.square().mean((1, 2, 3)) for each in strong]
            peaks = ((a - b - c + d) / 2).abs()
            found += [0.5 * (each + FAINT**2).log() for each in sizes]
            found.append((peaks.amax((1, 2, 3)) + FAINT).log() - (peaks.mean((1, 2, 3)) + FAINT).log())
            grey = avg_pool2d(grey, 2)
        return torch.stack(found, 1)
