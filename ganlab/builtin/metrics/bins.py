"""Whether generated samples fall into the cells of real ones as often as real ones do (Richardson & Weiss 2018,
arXiv:1805.12462). A mode that is dropped is a cell that stays empty."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganlab.builtin.metrics.cells import cell_of
from ganlab.builtin.metrics.points import usable

SIGNIFICANT = 1.959964
"""Two shares differ by so many of their standard errors once in twenty times by chance."""

MISSED = -3.0


@dataclass(frozen=True)
class Binned:
    """`different`: share of bins whose shares differ significantly (NDB / K; 0.05 by chance). `missed`: share of the
    real samples whose bin gets less than it should by three standard errors. `divergence`: Jensen-Shannon, in nats,
    0..log 2, of the two histograms."""

    different: float
    missed: float
    divergence: float


def binned(real: Tensor, fake: Tensor, centres: Tensor) -> Binned:
    """Of points (N, D) and (M, D) in the cells around `centres` (K, D); all NaN if one is not finite."""
    if not usable(real, fake, least=1):
        return Binned(*[float("nan")] * 3)
    counts = [torch.bincount(cell_of(each, centres), minlength=len(centres)).double() for each in (real, fake)]
    return compared(counts[0], counts[1])


def compared(real: Tensor, fake: Tensor) -> Binned:
    """Of two histograms (K,) of counts, neither of which is empty."""
    n, m = real.sum(), fake.sum()
    real, fake = real / n, fake / m
    pooled = (n * real + m * fake) / (n + m)
    error = (pooled * (1 - pooled) * (1 / n + 1 / m)).sqrt()
    scores = torch.where(error > 0, (fake - real) / error, 0.0)
    return Binned(
        different=float((scores.abs() > SIGNIFICANT).double().mean()),
        missed=float(real[scores < MISSED].sum()),
        divergence=jensen_shannon(real, fake),
    )


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """In nats, of two distributions (K,)."""
    middle = (p + q) / 2
    entropies = [torch.special.entr(each).sum() for each in (middle, p, q)]
    return max(0.0, float(entropies[0] - (entropies[1] + entropies[2]) / 2))
