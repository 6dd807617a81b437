"""Points (N, D): whether anything can be said of them, and in which precision.

A metric of points that are not finite, or of fewer than it needs, is NaN: a generator that went wrong must not end the
run that is to tell so.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROWS = 1024
"""Rows handled at once: enough for the matrix product to be fast, few enough for memory."""


def usable(*clouds: Tensor, least: int = 2) -> bool:
    """True if each has at least `least` rows, at least one column, and finite numbers only."""
    return all(len(each) >= least and each.numel() > 0 and finite(each) for each in clouds)


def finite(points: Tensor) -> bool:
    """True if every number is. A finite sum tells it at once; one that is not may have been too large, and then the
    numbers are asked some rows at a time, since the answer takes as much memory as the points."""
    return bool(points.sum().isfinite()) or all(bool(part.isfinite().all()) for part in torch.split(points, ROWS))


def exact(points: Tensor) -> Tensor:
    """In float64, (N, D); on the CPU where the device has no float64."""
    points = points.detach().flatten(1)
    return (points if points.device.type in ("cpu", "cuda") else points.cpu()).double()


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """(N, M) of float64 points, by one matrix product; pass points whose middle lies near 0."""
    return torch.addmm(b.square().sum(1), a, b.T, alpha=-2).add_(a.square().sum(1)[:, None]).clamp_(min=0)


def typical_distance(points: Tensor) -> float:
    """Median distance between two of the points, of 1,024 of them if there are more. 0 if most are one point."""
    points = exact(points)[:: max(1, len(points) // ROWS)][:ROWS]
    if len(points) < 2:
        return 0.0
    return float(torch.pdist(points).median())


def generator(seed: int = 0) -> torch.Generator:
    """One of its own, on the CPU, so that devices draw the same."""
    return torch.Generator().manual_seed(seed)
