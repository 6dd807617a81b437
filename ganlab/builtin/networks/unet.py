"""U-Net: a picture is halved to almost nothing and doubled back, and every doubling sees the maps of its own size.

Ronneberger et al. 2015 (arXiv:1505.04597) for cells, Isola et al. 2017 (arXiv:1611.07004, section 6.1.1) for pix2pix.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganlab import Field
from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditions import MapsAndSeed
from ganlab.builtin.networks.dropout import LatentDropout
from ganlab.builtin.networks.normalisation import normalisation


class UNetGenerator(nn.Module):
    """The given fields as maps -> image (N, C, H, W) in [-1, 1]; a field of kind "seed" switches dropout on.

    `widths` are the channels after each halving. Neither the first halving, the last halving nor the last doubling is
    normed. Dropout follows the first `dropped` doublings. Sides are multiples of `multiple`.
    """

    def __init__(
        self,
        given: Sequence[Field],
        channels: int,
        widths: Sequence[int],
        size: tuple[int, int],
        *,
        norm: Norm,
        dropout: float,
        dropped: int,
    ) -> None:
        super().__init__()
        self.read = MapsAndSeed(given, *size)
        self.multiple = 1 << len(widths)
        bias = norm != "batch"
        last = len(widths) - 2
        self.halvings = nn.ModuleList([nn.Conv2d(self.read.channels, widths[0], 4, 2, 1, bias=bias)])
        for level, (before, after) in enumerate(pairwise(widths)):
            halve = nn.Conv2d(before, after, 4, 2, 1, bias=bias)
            inner = "none" if level == last else norm  # the innermost maps may be one pixel: nothing to normalise over
            self.halvings.append(nn.Sequential(nn.LeakyReLU(0.2), halve, _norm(inner, after)))
        self.doublings = nn.ModuleList()
        for level, (before, after) in enumerate(pairwise(reversed(widths))):
            double = nn.ConvTranspose2d(before * (1 + (level > 0)), after, 4, 2, 1, bias=bias)
            self.doublings.append(nn.Sequential(nn.ReLU(), double, _norm(norm, after)))
        self.dropouts = nn.ModuleList(LatentDropout(dropout, level) for level in range(dropped))
        self.end = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], channels, 4, 2, 1), nn.Tanh())

    def forward(self, *given: Tensor) -> Tensor:
        maps, seed = self.read(*given)
        skipped = []
        for halve in self.halvings:
            maps = halve(maps)
            skipped.append(maps)
        maps = skipped.pop()
        for level, double in enumerate(self.doublings):
            maps = double(maps)
            if level < len(self.dropouts):
                maps = self.dropouts[level](maps, seed)
            maps = torch.cat([maps, skipped.pop()], 1)
        image: Tensor = self.end(maps)
        return image


def _norm(norm: Norm, channels: int) -> nn.Module:
    return normalisation(norm, channels, affine=norm != "instance")
