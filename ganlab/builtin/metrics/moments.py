"""Mean and covariance of features that come in batches, without keeping them.

Centred sums are merged by the rule of Chan, Golub and LeVeque (1979): the usual sum of x x' loses all its digits when
the mean is large (a distance of -606 instead of 16 at mean / deviation = 1e8). Rows are gathered to 512 before they
are multiplied, which is four times as fast as batch by batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import exact

GATHERED = 512


@dataclass(frozen=True)
class Moments:
    """A Gaussian, float64: `mean` (D,), `covariance` (D, D), and of how many samples; `count` None: they are exact."""

    mean: Tensor
    covariance: Tensor
    count: int | None = None


class Gathering:
    """Takes batches of points (n, D), n >= 0, and gives their `Moments`."""

    def __init__(self) -> None:
        self.count = 0
        self._mean: Tensor | None = None
        self._scatter: Tensor | None = None
        self._waiting: list[Tensor] = []

    def take(self, points: Tensor) -> None:
        """Some more. Raises `ValueError` if their width differs from those before."""
        points = exact(points)
        known = self._waiting[0] if self._waiting else self._scatter
        if known is not None and points.shape[1] != known.shape[1]:
            raise ValueError(f"points of {points.shape[1]} dimensions after points of {known.shape[1]}")
        self._waiting.append(points)
        if sum(map(len, self._waiting)) >= GATHERED:
            self._merge()

    def moments(self) -> Moments:
        """Of all that were taken, the covariance over n - 1. Raises `ValueError` for fewer than two."""
        if self._waiting:
            self._merge()
        if self.count < 2 or self._mean is None or self._scatter is None:
            raise ValueError(f"a covariance needs two samples at least, not {self.count}")
        return Moments(self._mean, self._scatter / (self.count - 1), self.count)

    def _merge(self) -> None:
        points = torch.cat(self._waiting)
        self._waiting = []
        if not len(points):
            return
        middle = points.mean(0)
        points = points - middle
        scatter = points.T @ points
        if self._mean is None or self._scatter is None:
            self._mean, self._scatter = middle, scatter
        else:
            step = middle - self._mean
            part = len(points) / (self.count + len(points))
            self._scatter.add_(scatter).addr_(step, step, alpha=self.count * part)
            self._mean = self._mean + part * step
        self.count += len(points)


def moments_of(points: Tensor) -> Moments:
    """Of all rows at once."""
    gathering = Gathering()
    gathering.take(points)
    return gathering.moments()
