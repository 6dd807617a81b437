"""How many different samples there are, by how alike they are to each other.

The Vendi score (Friedman & Dieng 2023, arXiv:2210.02410) is the exponential of the entropy of the eigenvalues of K / n;
RKE (Jalali et al. 2023, arXiv:2306.11503) is the same with the entropy of order 2, which needs no eigenvalues. Both are
m for m groups that have nothing in common, and neither knows what is real: they are told as ratios to real.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.builtin.metrics.kernels import gaussian
from ganlab.builtin.metrics.points import exact


def likeness(points: Tensor, width: float) -> Tensor:
    """exp(-|x - y|^2 / (2 width^2)) of all pairs, (N, N), float64, exactly 1 on the diagonal."""
    points = exact(points)
    return gaussian(points - points.mean(0), points - points.mean(0), width=width).fill_diagonal_(1)


def vendi(likeness: Tensor) -> float:
    """1 (all the same) to N (all different), for a symmetric kernel matrix (N, N) with ones on its diagonal."""
    values = torch.linalg.eigvalsh(likeness / len(likeness)).clamp(min=0)
    return float(torch.special.entr(values).sum().exp())


def rke(likeness: Tensor) -> float:
    """The same of order 2: N^2 / sum K_ij^2."""
    return len(likeness) ** 2 / float(likeness.square().sum())
