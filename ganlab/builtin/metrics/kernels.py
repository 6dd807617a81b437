"""Maximum mean discrepancy: how far two samples are apart for a kernel (Gretton et al. 2012, JMLR 13, eq. 3).

With the cubic kernel of features it is KID (Binkowski et al. 2018, arXiv:1801.01401), which sees moments up to the
third; with a Gaussian one it sees all. Both are unbiased: 0 on average for two samples of one distribution, so half of
those are negative, and to cut them off would be to lie.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import ROWS, exact, generator, squared_distances, typical_distance, usable

Kernel: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Values (N, M) for float64 points (N, D) and (M, D)."""

NOTHING = float("nan")


def kid(real: Tensor, fake: Tensor, *, subsets: int | None = None, size: int = 1000) -> float:
    """Unbiased squared MMD with the kernel (x'y / D + 1)^3, of all points or as the mean over random subsets.

    `subsets` draws that many of `size` points of either side, or of all where there are fewer, always the same ones.
    NaN for fewer than two points, or if one is not finite.
    """
    if not usable(real, fake):
        return NOTHING
    real, fake = exact(real), exact(fake)
    if subsets is None:
        return mmd(cubic, real, fake)
    draws = generator()

    def some(points: Tensor) -> Tensor:
        return points[torch.randperm(len(points), generator=draws)[:size].to(points.device)]

    return sum(mmd(cubic, some(real), some(fake)) for _ in range(subsets)) / subsets


def gaussian_mmd(real: Tensor, fake: Tensor, *, width: float | None = None) -> float:
    """Unbiased squared MMD with the kernel exp(-|x - y|^2 / (2 width^2)), 0 on average for one distribution, at most 2.

    The width is a quarter of the median distance of real points unless given. NaN as for `kid`.
    """
    if not usable(real, fake):
        return NOTHING
    real, fake = exact(real), exact(fake)
    middle = real.mean(0)
    width = typical_distance(real) / 4 if width is None else width
    return mmd(partial(gaussian, width=width), real - middle, fake - middle)


def cubic(a: Tensor, b: Tensor) -> Tensor:
    """(x'y / D + 1)^3."""
    return (a @ b.T).div_(a.shape[1]).add_(1).pow_(3)


def gaussian(a: Tensor, b: Tensor, *, width: float) -> Tensor:
    """exp(-|x - y|^2 / (2 width^2)); for width 0 its limit: 1 for equal points, else 0."""
    if width == 0:
        return (torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist") == 0).to(a.dtype)
    return squared_distances(a, b).mul_(-0.5 / width**2).exp_()


def mmd(kernel: Kernel, a: Tensor, b: Tensor) -> float:
    """The unbiased estimate of the squared discrepancy of float64 points, two at least on either side."""
    within = [(total(kernel, x, x) - diagonal(kernel, x)) / (len(x) * (len(x) - 1)) for x in (a, b)]
    return sum(within) - 2 * total(kernel, a, b) / (len(a) * len(b))


def total(kernel: Kernel, a: Tensor, b: Tensor) -> float:
    """The sum of all N x M values, some rows at a time."""
    return sum(float(kernel(rows, b).sum()) for rows in torch.split(a, ROWS))


def diagonal(kernel: Kernel, a: Tensor) -> float:
    """The sum of what each point says of itself."""
    return sum(float(kernel(rows, rows).diagonal().sum()) for rows in torch.split(a, 64))
