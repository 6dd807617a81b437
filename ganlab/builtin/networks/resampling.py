"""Doubling and halving without aliasing: bilinear interpolation, and the low-pass filter that mirrors it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BilinearDoubling(nn.Module):
    """(N, C, H, W) -> (N, C, 2H, 2W)."""

    def forward(self, maps: Tensor) -> Tensor:
        return F.interpolate(maps, scale_factor=2.0, mode="bilinear", align_corners=False)


class BilinearHalving(nn.Module):
    """(N, C, H, W) -> (N, C, H/2, W/2) by the kernel [1, 3, 3, 1] / 8 along each side, borders repeated.

    Away from the borders a quarter of the transpose of `BilinearDoubling`: what that spreads out, this gathers.
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("kernel", line.outer(line).repeat(channels, 1, 1, 1), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        padded = F.pad(maps, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(padded, self.kernel.to(maps.dtype), stride=2, groups=len(self.kernel))
