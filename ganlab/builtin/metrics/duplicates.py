"""How many different samples a generator has to offer, from how often two of them are the same (Arora, Risteski &
Zhang 2018, "Do GANs learn the distribution?", on the birthday paradox)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import ROWS, exact, squared_distances, usable


@dataclass(frozen=True)
class Duplicates:
    """`share`: of the samples, those with a twin among the others. `support`: how many different samples there seem to
    be; at least that many, if no two were the same."""

    share: float
    support: float


def duplicates(points: Tensor, tolerance: float) -> Duplicates:
    """Of points (N, D), of which two are twins if they are not farther apart than `tolerance`.

    NaN for fewer than two points, if one is not finite, or if the tolerance is not a number.
    """
    if not usable(points) or math.isnan(tolerance):
        return Duplicates(float("nan"), float("nan"))
    points = exact(points)
    points = points - points.mean(0)
    twins, pairs = 0, 0
    for start in range(0, len(points), ROWS):
        near = squared_distances(points[start : start + ROWS], points) <= tolerance**2 + noise(points)
        near[torch.arange(len(near)), torch.arange(start, start + len(near))] = False
        twins += int(near.any(1).sum())
        pairs += int(near.sum())
    return Duplicates(twins / len(points), support(len(points), pairs // 2))


def support(count: int, pairs: int) -> float:
    """How many equally likely samples there are if `count` draws hold so many equal pairs: n (n - 1) / 2 / pairs."""
    return count * (count - 1) / 2 / max(1, pairs)


def chance_of_twins(count: int, support: int) -> float:
    """That `count` draws of `support` equally likely samples hold two of the same: 0.507 for 23 of 365."""
    return 1 - math.prod(1 - each / support for each in range(min(count, support + 1)))


def nearest_distances(points: Tensor) -> Tensor:
    """Distance of each of two or more finite points to its nearest other, (N,), float64."""
    points = exact(points)
    points = points - points.mean(0)
    found = []
    for start in range(0, len(points), ROWS):
        squares = squared_distances(points[start : start + ROWS], points)
        squares[torch.arange(len(squares)), torch.arange(start, start + len(squares))] = float("inf")
        found.append(squares.amin(1))
    squares = torch.cat(found)
    return torch.where(squares > noise(points), squares, 0.0).sqrt()


def noise(points: Tensor) -> float:
    """A squared distance of float64 points up to which two are the same, as far as a matrix product can tell."""
    return float(points.square().sum(1).max()) * 16 * torch.finfo(torch.float64).eps
