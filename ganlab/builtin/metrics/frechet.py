"""The Frechet distance between two Gaussians (Dowson & Landau 1982; Heusel et al. 2017, arXiv:1706.08500, eq. 6).

|m - n|^2 + tr A + tr B - 2 tr (A B)^(1/2). The last term is the sum of the square roots of the eigenvalues of L' B L,
where A = L L': symmetric, so real and never negative but for rounding, and L is kept for the next B. With fewer
samples than dimensions it is the sum of singular values of Y L, where Y' Y = B: no covariance is made.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from ganlab.builtin.metrics.moments import Moments, moments_of
from ganlab.builtin.metrics.points import exact, usable

ROUNDED = 1e-9
"""Share of a sum of singular values that may be lost where they are found by way of their squares."""


class Reference:
    """The side that stays: what it takes to measure distances from it is worked out once.

    Made of exact `Moments`, or of points (N, D) by `Reference.of`. Float64 throughout.
    """

    def __init__(self, moments: Moments) -> None:
        self.mean = moments.mean
        self.count = moments.count
        self.trace = float(moments.covariance.trace())
        self._covariance: Tensor | None = moments.covariance
        self._spread: Tensor | None = None

    @classmethod
    def of(cls, points: Tensor) -> Reference:
        """Of samples. Where they are fewer than dimensions, they are kept and no covariance is made.

        Raises `ValueError` for fewer than two.
        """
        points = exact(points)
        if len(points) > points.shape[1]:
            return cls(moments_of(points))
        if len(points) < 2:
            raise ValueError(f"a covariance needs two samples at least, not {len(points)}")
        made = cls.__new__(cls)
        made.mean, made._spread = spread(points)
        made.count, made._covariance = len(points), None
        made.trace = float(made._spread.square().sum())
        return made

    @cached_property
    def factor(self) -> Tensor:
        """L, (D, K), with covariance L L': Cholesky's, or the symmetric root where that fails, or the samples' own."""
        if self._covariance is None:
            assert self._spread is not None
            return self._spread.T
        lower, failed = torch.linalg.cholesky_ex(self._covariance)
        found: Tensor = root(self._covariance) if int(failed) else lower
        return found

    @cached_property
    def spectrum(self) -> Tensor:
        """Eigenvalues of the covariance that are not 0."""
        if self._covariance is None:
            assert self._spread is not None
            values = torch.linalg.svdvals(self._spread).square()
        else:
            values = torch.linalg.eigvalsh(self._covariance)
        found: Tensor = values[values > values.abs().max() * len(values) * torch.finfo(values.dtype).eps]
        return found

    def to(self, other: Moments) -> float:
        """Distance to a Gaussian."""
        covariance = other.covariance
        overlap = root_trace(self.factor, covariance)
        return self._distance(other.mean, float(covariance.trace()), overlap)

    def to_points(self, points: Tensor) -> float:
        """Distance to samples (M, D); NaN for fewer than two, or if one is not finite."""
        if not usable(points):
            return float("nan")
        points = exact(points)
        if len(points) > points.shape[1] and self._covariance is not None:
            return self.to(moments_of(points))
        mean, around = spread(points)
        overlap = nuclear_norm(around @ self.factor)
        return self._distance(mean, float(around.square().sum()), overlap)

    @cached_property
    def bias(self) -> float:
        """What n times the distance to n samples of this very distribution is expected to be, to first order:
        tr A + sum_ij (1 + [i = j]) l_i l_j / (2 (l_i + l_j)), l the spectrum."""
        values = self.spectrum
        pairs = values[:, None] * values / (values[:, None] + values)
        return float(values.sum() + (pairs.sum() + pairs.diagonal().sum()) / 2)

    @property
    def own_floor(self) -> float:
        """The part of every distance that comes of the samples this side was made of; 0 if its moments are exact."""
        return self.bias / self.count if self.count else 0.0

    def floor(self, count: int) -> float:
        """The distance to expect to `count` samples of the same distribution, which is not 0; NaN for none."""
        return self.bias / count + self.own_floor if count > 0 else float("nan")

    def _distance(self, mean: Tensor, trace: float, overlap: float) -> float:
        return float((self.mean - mean).square().sum()) + self.trace + trace - 2 * overlap


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """Between the Gaussians of two samples (N, D) and (M, D); NaN for fewer than two, or if one is not finite.

    Biased: two samples of one distribution are about `Reference.of(real).floor(len(fake))` apart.
    """
    return Reference.of(real).to_points(fake) if usable(real, fake) else float("nan")


def root_trace(factor: Tensor, covariance: Tensor) -> float:
    """tr (L L' B)^(1/2) for the factor L and the covariance B."""
    inner = sandwiched(factor, covariance)
    return float(torch.linalg.eigvalsh(inner).clamp_(min=0).sqrt_().sum())


def sandwiched(factor: Tensor, covariance: Tensor) -> Tensor:
    """L' B L, of which the lower triangle counts. Where L is triangular, LAPACK takes a quarter of the work."""
    rows, columns = factor.shape
    if factor.device.type == "cpu" and rows == columns and not bool(factor.triu(1).any()):
        from scipy.linalg.lapack import dsygst

        # Fortran reads rows as columns: the lower triangle of B' = B, and L' as an upper triangle U with U U' = L L'.
        inner, problem = dsygst(covariance.numpy().T, factor.numpy().T, itype=2, lower=0)
        if not problem:
            return torch.from_numpy(inner).T
    return factor.T @ covariance @ factor


def nuclear_norm(matrix: Tensor) -> float:
    """The sum of the singular values of (N, K).

    The eigenvalues of its square are found in half the time. Each is off by the rounding of the largest, e, and its
    root s by e / s, sqrt(e) at worst; where that adds up, the singular values themselves are found.
    """
    short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    values = torch.linalg.eigvalsh(short @ short.T).clamp_(min=0).sqrt_()
    rounding = values[-1] * torch.finfo(values.dtype).eps ** 0.5
    lost = (rounding.square() / (values + rounding)).sum()
    if not bool(lost <= ROUNDED * values.sum()):
        values = torch.linalg.svdvals(short)
    return float(values.sum())


def root(covariance: Tensor) -> Tensor:
    """The symmetric square root, also of a covariance that is singular."""
    values, vectors = torch.linalg.eigh(covariance)
    found: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return found


def spread(points: Tensor) -> tuple[Tensor, Tensor]:
    """The mean (D,), and rows Y (N - 1, D) with covariance Y' Y.

    Without their mean, N points span N - 1 dimensions; Householder's reflection of 1 / sqrt(N) onto the first axis
    takes them there, so that no singular value is 0 for want of a dimension.
    """
    count, mean = len(points), points.mean(0)
    around = (points - mean).div_((count - 1) ** 0.5)
    return mean, around[1:] - around[0] / (count**0.5 + 1)
