"""Normalisation whose gain and shift depend on the class, so that all classes share a generator's filters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.normalisation import normalisation


class ConditionalNorm(nn.Module):
    """(N, C, H, W) and labels (N,) -> same shape: gain[label] * norm(x) + shift[label]; plain if `classes` is None.

    Dumoulin et al. 2017, arXiv:1610.07629, equation 5; gains start at 1, shifts at 0.
    """

    def __init__(self, norm: Norm, channels: int, classes: int | None) -> None:
        super().__init__()
        self.norm = normalisation(norm, channels, affine=classes is None)
        self.conditional = classes is not None
        if classes is not None:
            self.gain = nn.Parameter(torch.ones(classes, channels))
            self.shift = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, maps: Tensor, label: Tensor | None) -> Tensor:
        normed: Tensor = self.norm(maps)
        if not self.conditional or label is None:
            return normed
        gain = F.embedding(label, self.gain)[:, :, None, None]
        shift = F.embedding(label, self.shift)[:, :, None, None]
        return normed * gain + shift
