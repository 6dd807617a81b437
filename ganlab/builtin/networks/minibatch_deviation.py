"""Lets a discriminator see how much the samples of a batch differ, so that a collapsed generator gives itself away."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MinibatchDeviation(nn.Module):
    """(N, C, H, W) -> (N, C + 1, H, W): the standard deviation over the batch, averaged over C, H and W, as a map.

    Karras et al. 2018, arXiv:1710.10196, section 3. Float32 inside; a batch of one deviates by nothing.
    """

    def forward(self, maps: Tensor) -> Tensor:
        deviation = (maps.float().var(0, correction=0) + 1e-8).sqrt().mean()
        beside = deviation.to(maps.dtype).expand(len(maps), 1, *maps.shape[2:])
        return torch.cat([maps, beside], 1)
