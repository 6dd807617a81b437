"""Random windows and mirror images of training pictures; the pictures of one sample move together.

One sample's move is three numbers in [0, 1): how far down and how far right its window lies, and whether it is
mirrored. So sizes may differ between samples, and a source and its target can share a move.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab import Random


@dataclass(frozen=True)
class Movement:
    """`crop`: height and width of a random window, or None. `flip`: half of the samples are mirrored left to right."""

    crop: tuple[int, int] | None = None
    flip: bool = False

    def draw(self, random: Random | None) -> Tensor | None:
        """One move (3,) per sample, (N, 3); None asks for windows from the middle and no mirror."""
        return random.uniform(3) if random is not None and (self.crop or self.flip) else None

    def move(self, pictures: Tensor, moves: Tensor | None) -> Tensor:
        """`pictures` (N, C, H, W), not smaller than the window, as `moves` (N, 3) say."""
        if self.crop:
            pictures = self._windows(pictures, *self.crop, moves)
        if self.flip and moves is not None:
            mirrored = moves[:, 2] < 0.5
            pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        return pictures

    @staticmethod
    def _windows(pictures: Tensor, height: int, width: int, moves: Tensor | None) -> Tensor:
        spare_down, spare_right = pictures.shape[2] - height, pictures.shape[3] - width
        if moves is None:
            return pictures.narrow(2, spare_down // 2, height).narrow(3, spare_right // 2, width)
        top = (moves[:, 0] * (spare_down + 1)).to(torch.int64)
        left = (moves[:, 1] * (spare_right + 1)).to(torch.int64)
        windows = pictures.unfold(2, height, 1).unfold(3, width, 1)  # (N, C, places down, places right, height, width)
        return windows[torch.arange(len(pictures), device=pictures.device), :, top, left]
