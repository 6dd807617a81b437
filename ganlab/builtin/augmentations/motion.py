"""Flips, turns, shifts and stretches of pictures, composed into one map and carried out by one resampling.

A map says for every place of the changed picture where in the original it is looked up: `linear` (M, 2, 2) times the
place plus `offset` (M, 2), both (x, y) in pixels from the centre.
"""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab import Random

SHIFT = 0.125
"""Share of the size: the greatest shift by whole pixels, and the standard deviation of the one by parts of them."""

SCALE = 0.2
"""Standard deviation of a scale, in powers of two."""


class Map:
    """The identity at first; each motion is put behind those before. Source: Karras et al. 2020, appendix B."""

    def __init__(self, picture: Tensor, random: Random) -> None:
        import torch

        self._random = random
        self._height, self._width = picture.shape[2:]
        self._size = torch.tensor([self._width, self._height], dtype=torch.float32, device=picture.device)
        self.linear = torch.eye(2, device=picture.device).expand(picture.shape[0], 2, 2)
        self.offset = torch.zeros(picture.shape[0], 2, device=picture.device)

    def move_pixels(self, probability: float) -> None:
        """Left-right flip, quarter turns, shift by whole pixels: none of these blurs.

        A picture that is not square is turned by halves, so that it keeps its shape.
        """
        flips, turns, shifts = self._acts(3, probability).unbind(1)
        mirrored = 1.0 - 2.0 * (flips & (self._random.integers(2) == 1))
        self._scale(mirrored, mirrored.abs())
        angles = self._random.integers(4) * (pi / 2) if self._width == self._height else self._random.integers(2) * pi
        self._turn(angles * turns)
        self._shift((self._random.uniform(2, low=-SHIFT, high=SHIFT) * self._size).round() * shifts[:, None])

    def move_freely(self, probability: float) -> None:
        """Scale, turn, stretch along one axis, turn again, shift by any distance."""
        scales, stretches, shifts = self._acts(3, probability).unbind(1)
        # Two chances to be turned: together they come true with the probability asked for.
        first, second = self._acts(2, 1 - (1 - probability) ** 0.5).unbind(1)
        scale, stretch = (2 ** (SCALE * self._random.normal(2) * columns(scales, stretches))).unbind(1)
        before, after = self._random.uniform(2, low=-pi, high=pi).unbind(1)
        self._scale(scale, scale)
        self._turn(before * first)
        self._scale(stretch, 1 / stretch)
        self._turn(after * second)
        self._shift(self._random.normal(2) * SHIFT * self._size * shifts[:, None])

    def look_up(self, picture: Tensor, *, mode: str = "bilinear") -> Tensor:
        """`picture` (M, C, H, W) as the map shows it; beyond its edges it is mirrored."""
        import torch
        from torch.nn.functional import grid_sample

        across = torch.arange(self._width, device=picture.device) - (self._width - 1) / 2
        down = torch.arange(self._height, device=picture.device)[:, None] - (self._height - 1) / 2
        horizontal, vertical = self.linear[:, None, None].unbind(-1)
        places = horizontal * across[:, None] + vertical * down[..., None] + self.offset[:, None, None]
        grid = places * (2 / self._size)
        return grid_sample(picture.float(), grid, mode, "reflection", align_corners=False).to(picture.dtype)

    def _acts(self, motions: int, probability: float) -> Tensor:
        return self._random.uniform(motions) < probability

    # A motion of the picture by B is a look-up by the inverse of B. All distributions here are those of their
    # inverses, so that the inverse itself is drawn; only the shift has to be subtracted.

    def _scale(self, across: Tensor, down: Tensor) -> None:
        self.linear = self.linear * columns(across, down)[:, None]

    def _turn(self, angle: Tensor) -> None:
        cos, sin = angle.cos()[:, None], angle.sin()[:, None]
        first, second = self.linear.unbind(2)
        self.linear = columns(first * cos + second * sin, second * cos - first * sin)

    def _shift(self, distance: Tensor) -> None:
        self.offset = self.offset - (self.linear * distance[:, None]).sum(2)


def columns(first: Tensor, second: Tensor) -> Tensor:
    """Two (M, ...) as the columns of one (M, ..., 2)."""
    import torch

    return torch.stack([first, second], -1)
