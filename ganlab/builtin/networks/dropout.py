"""Dropout as a source of variety that is drawn once and can be replayed.

pix2pix has no other noise than dropout, and keeps it on when sampling. Here the mask is not drawn in the network: it
follows from a seed that the task drew for the sample, so a sample comes out the same in any batch, on any device.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn

_BITS = 24
_GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: SplitMix64's step from one state to the next


def splitmix(state: Tensor) -> Tensor:
    """64 well-mixed bits for every int64 of `state`, same shape (Steele et al. 2014, doi:10.1145/2714064.2660195).

    The output function of SplitMix64. Products wrap around; torch shifts signed numbers, so the sign is masked away.
    """
    state = (state ^ _shifted(state, 30)) * _signed(0xBF58476D1CE4E5B9)
    state = (state ^ _shifted(state, 27)) * _signed(0x94D049BB133111EB)
    return state ^ _shifted(state, 31)


class LatentDropout(nn.Module):
    """Drops each entry of (N, ...) with probability `p`, the others are divided by 1 - p; nothing without a seed.

    In training and at test alike. The mask is a function of the sample's seed (N,) int64, of `index`, which tells the
    layers of a network apart, and of the position in the sample. Isola et al. 2017, arXiv:1611.07004, section 3.2.
    """

    def __init__(self, p: float, index: int) -> None:
        super().__init__()
        self.p = p
        self.index = index
        self._threshold = round((1 - p) * 2**_BITS)

    def forward(self, maps: Tensor, seed: Tensor | None) -> Tensor:
        if seed is None or self.p == 0:
            return maps
        kept: Tensor = maps * self.mask(seed, maps.shape[1:])
        return kept / (1 - self.p)

    def mask(self, seed: Tensor, shape: torch.Size) -> Tensor:
        """True (N, *shape) where an entry is kept."""
        stream = splitmix(seed + _signed((self.index + 1) * _GOLDEN % 2**64))
        position = torch.arange(1, prod(shape) + 1, device=seed.device)
        bits = splitmix(stream[:, None] + position * _signed(_GOLDEN))
        kept: Tensor = _shifted(bits, 64 - _BITS) < self._threshold
        return kept.reshape(-1, *shape)


def _shifted(state: Tensor, by: int) -> Tensor:
    shifted: Tensor = state >> by
    return shifted.bitwise_and(2 ** (64 - by) - 1)


def _signed(constant: int) -> int:
    return constant - 2**64 if constant >= 2**63 else constant
