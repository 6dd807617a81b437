"""The Frechet distance freed of its bias (Chong & Forsyth 2020, arXiv:1911.07023).

Measured on n generated samples, it is too large by about c / n. So it is measured on subsets of growing n, and the
line through the results over 1 / n is followed to 1 / n = 0.
"""

from __future__ import annotations

from statistics import linear_regression

import torch
from torch import Tensor

from ganlab.builtin.metrics.frechet import Reference
from ganlab.builtin.metrics.points import generator, usable

SUBSETS = 15
SMALLEST = 8
"""No subset is smaller: of fewer, the bias is not yet c / n."""


def frechet_infinity(reference: Reference, fake: Tensor, *, subsets: int = SUBSETS) -> tuple[float, float]:
    """The distance for infinitely many generated samples, and c, the slope over 1 / n.

    Subsets have a tenth to all of the samples (M, D), evenly spaced. What the reference's own samples are too few for
    is taken off by its `floor`. (NaN, NaN) for fewer than 20 samples, or if one is not finite.
    """
    count = len(fake)
    if not usable(fake, least=2 * SMALLEST + 4):
        return float("nan"), float("nan")
    sizes = torch.linspace(max(SMALLEST, count / 10), count, subsets).round().long().tolist()
    draws = generator()
    order = [torch.randperm(count, generator=draws)[:size] for size in sizes]
    distances = [reference.to_points(fake[chosen.to(fake.device)]) for chosen in order]
    slope, intercept = linear_regression([1 / size for size in sizes], distances)
    return intercept - reference.own_floor, slope
