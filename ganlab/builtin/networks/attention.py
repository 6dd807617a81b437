"""Self-attention: lets far-apart places of a picture agree."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SelfAttention(nn.Module):
    """(N, C, H, W) -> same shape: x + gain * attention(x), the gain starting at 0.

    Zhang et al. 2019, arXiv:1805.08318, section 3, with the halved keys of BigGAN (arXiv:1809.11096): queries and keys
    have C / 8 channels, values C / 2, keys and values are pooled 2 x 2. Plain matrix products, because the fused
    attention kernels cannot be differentiated twice.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(channels // 8, 1)
        self.query = nn.Conv2d(channels, inner, 1, bias=False)
        self.key = nn.Conv2d(channels, inner, 1, bias=False)
        self.value = nn.Conv2d(channels, max(channels // 2, 1), 1, bias=False)
        self.back = nn.Conv2d(max(channels // 2, 1), channels, 1, bias=False)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, maps: Tensor) -> Tensor:
        query = self.query(maps).flatten(2)
        key = F.max_pool2d(self.key(maps), 2).flatten(2)
        value = F.max_pool2d(self.value(maps), 2).flatten(2)
        weights = torch.bmm(query.transpose(1, 2), key).softmax(2).to(value.dtype)
        seen = torch.bmm(value, weights.transpose(1, 2)).reshape(len(maps), -1, *maps.shape[2:])
        changed: Tensor = self.gain * self.back(seen)
        return maps + changed
