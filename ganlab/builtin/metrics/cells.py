"""Cutting space into cells around centres: k-means (Lloyd 1982) with seeds spread as in k-means++ (Arthur &
Vassilvitskii 2007). The same points always give the same cells."""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import ROWS, exact, generator, squared_distances

MOST_ROUNDS = 100


def k_means(points: Tensor, cells: int) -> Tensor:
    """Centres (K, D), float64, of finite points (N, D), N >= 1. K is `cells`, or the number of different points if
    that is less."""
    points = exact(points)
    centres = spread_seeds(points, cells)
    before: Tensor | None = None
    for _ in range(MOST_ROUNDS):
        cell = cell_of(points, centres)
        if before is not None and torch.equal(cell, before):
            break
        before = cell
        held = torch.bincount(cell, minlength=len(centres)).to(points.dtype)
        sums = torch.zeros_like(centres).index_add_(0, cell, points)
        centres = torch.where((held > 0)[:, None], sums / held.clamp(min=1)[:, None], centres)
    return centres


def cell_of(points: Tensor, centres: Tensor) -> Tensor:
    """Which centre is nearest to each of the points, (N,)."""
    points, middle = exact(points), centres.mean(0)
    return torch.cat(
        [squared_distances(rows - middle, centres - middle).argmin(1) for rows in torch.split(points, ROWS)]
    )


def spread_seeds(points: Tensor, cells: int) -> Tensor:
    """Points far from each other: each is drawn with the square of its distance to those before."""
    draws = generator()
    chosen = [int(torch.randint(len(points), (1,), generator=draws))]
    nearest = (points - points[chosen[0]]).square().sum(1)
    while len(chosen) < cells and float(nearest.max()) > 0:
        target = float(torch.rand((), generator=draws, dtype=torch.float64)) * float(nearest.sum())
        # the last that is not at distance 0 takes what rounding leaves over
        last = int(nearest.nonzero()[-1])
        chosen.append(min(int(torch.searchsorted(nearest.cumsum(0), target, right=True)), last))
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).square().sum(1))
    return points[chosen]
