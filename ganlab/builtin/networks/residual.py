"""Residual blocks that double or halve their maps.

Gulrajani et al. 2017 (arXiv:1704.00028) introduced them to GANs, Miyato et al. 2018 (arXiv:1802.05957, figures 8 to 10)
gave them this form. A 1 x 1 convolution commutes with resampling, so shortcuts convolve at the smaller size.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditional_norm import ConditionalNorm
from ganlab.builtin.networks.normalisation import normalisation


class Doubling(nn.Module):
    """(N, before, H, W) -> (N, after, 2H, 2W); its norms depend on the label if `classes` is given."""

    def __init__(self, before: int, after: int, norm: Norm, classes: int | None) -> None:
        super().__init__()
        self.norm1 = ConditionalNorm(norm, before, classes)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.norm2 = ConditionalNorm(norm, after, classes)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, maps: Tensor, label: Tensor | None) -> Tensor:
        inner = self.conv1(_doubled(F.relu(self.norm1(maps, label))))
        inner = self.conv2(F.relu(self.norm2(inner, label)))
        return _doubled(self.shortcut(maps)) + inner  # type: ignore[no-any-return]


class Halving(nn.Module):
    """(N, before, H, W) -> (N, after, H/2, W/2), or the same size if not `halve`.

    The `first` block sees the image itself, which is neither normed nor rectified.
    """

    def __init__(self, before: int, after: int, norm: Norm, *, halve: bool, first: bool) -> None:
        super().__init__()
        self.halve = halve
        self.enter = nn.Identity() if first else nn.Sequential(normalisation(norm, before), nn.ReLU())
        self.layers = nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1),
            normalisation(norm, after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, padding=1),
        )
        self.shortcut = nn.Conv2d(before, after, 1) if halve or before != after else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        inner: Tensor = self.layers(self.enter(maps))
        if self.halve:
            return F.avg_pool2d(inner, 2) + self.shortcut(F.avg_pool2d(maps, 2))  # type: ignore[no-any-return]
        return inner + self.shortcut(maps)  # type: ignore[no-any-return]


def _doubled(maps: Tensor) -> Tensor:
    return F.interpolate(maps, scale_factor=2.0)
