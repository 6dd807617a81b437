"""Whether generated samples are nearer to the training samples than unseen real ones are.

Three readings of nearest-neighbour distances: their ratio; C_T (Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675),
a rank test in each cell of space; authenticity (Alaa et al. 2022, arXiv:2102.08921). A collapsed generator looks like
one that memorises to all of them (Stein et al. 2023, arXiv:2306.04675): read them beside coverage.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab.builtin.metrics.cells import cell_of, k_means
from ganlab.builtin.metrics.duplicates import nearest_distances, noise
from ganlab.builtin.metrics.points import ROWS, exact, squared_distances, usable

LEAST = 20
"""Samples of either kind that a cell needs to be judged."""


@dataclass(frozen=True)
class Memory:
    """`ratio`: median distance of generated samples to the nearest training one over that of held-out samples; 1 as far
    as unseen real data, 0 copies. `c_t`: below -3 copying, about 0 as held-out data, above 3 underfit. `authenticity`:
    share of samples that are farther from their training sample than that is from the next; 0 copies, about a half
    for real data."""

    ratio: float
    c_t: float
    authenticity: float


class Training:
    """The training side, worked out once: points (T, D) and held-out points (H, D), which may be none."""

    def __init__(self, training: Tensor, held_out: Tensor, *, cells: int = 1) -> None:
        self.known = usable(training)
        if not self.known:
            return
        self._middle = exact(training).mean(0)
        self.points = exact(training) - self._middle
        self._own = nearest_distances(self.points)
        self._centres = k_means(self.points, cells)
        self._unseen: tuple[Tensor, Tensor] | None = None
        if usable(held_out, least=1):
            points = exact(held_out) - self._middle
            self._unseen = nearest(points, self.points)[0], cell_of(points, self._centres)

    def memory(self, fake: Tensor) -> Memory:
        """Of generated points (M, D). What cannot be said is NaN: all without two training points or with one that is
        not finite, ratio and C_T without held-out ones, C_T where no cell has 20 of both, the ratio where held-out
        samples are copies of training samples themselves."""
        nothing = float("nan")
        if not self.known or not usable(fake, least=1):
            return Memory(nothing, nothing, nothing)
        points = exact(fake) - self._middle
        distances, which = nearest(points, self.points)
        authentic = float((distances > self._own[which]).double().mean())
        if self._unseen is None:
            return Memory(nothing, nothing, authentic)
        usual = float(self._unseen[0].median())
        ratio = float(distances.median()) / usual if usual else nothing
        return Memory(ratio, self._c_t(distances, cell_of(points, self._centres)), authentic)

    def _c_t(self, distances: Tensor, cells: Tensor) -> float:
        unseen, their_cells = self._unseen or (distances, cells)
        scores, weights = [], []
        for cell in range(len(self._centres)):
            ours, theirs = distances[cells == cell], unseen[their_cells == cell]
            if min(len(ours), len(theirs)) >= LEAST:
                scores.append(rank_score(ours, theirs))
                weights.append(len(theirs))
        return sum(s * w for s, w in zip(scores, weights, strict=True)) / sum(weights) if weights else float("nan")


def rank_score(a: Tensor, b: Tensor) -> float:
    """z of Mann and Whitney (1947): negative if `a` (n,) is smaller than `b` (m,), standard normal if neither is."""
    n, m = len(a), len(b)
    ordered = b.sort()[0]
    below = torch.searchsorted(ordered, a) + torch.searchsorted(ordered, a, right=True)
    wins = float(below.double().sum()) / 2
    return float((wins - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5)


def nearest(points: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Distance of each point to the nearest of the others, (M,), and which it is. Float64, seen from their middle."""
    found = [squared_distances(rows, others).min(1) for rows in torch.split(points, ROWS)]
    squares, which = torch.cat([each[0] for each in found]), torch.cat([each[1] for each in found])
    return torch.where(squares > noise(others), squares, 0.0).sqrt(), which
