"""Sliced Wasserstein distance: points are projected on random lines, where the distance is that of sorted numbers.

Of order 2 (Rabin et al. 2011; Bonneel et al. 2015): the root of the mean over lines of the squared distance. Two
samples of one distribution are not 0 apart, so it goes with a floor measured on real points.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import exact, generator, usable

LINES = 64
HALVINGS = 4


def sliced_wasserstein(real: Tensor, fake: Tensor, *, lines: int = LINES) -> float:
    """In units of the points, always on the same lines; NaN if there is no point, or one is not finite."""
    if not usable(real, fake, least=1):
        return float("nan")
    real, fake = exact(real), exact(fake)
    directions = torch.randn(real.shape[1], lines, generator=generator(), dtype=torch.float64)
    directions = (directions / directions.norm(dim=0)).to(real.device)
    # The middle is taken off first: all points far from 0 in one direction would leave few digits for the rest.
    middle = real.mean(0)
    apart = sorted_distance((real - middle) @ directions, (fake - middle) @ directions)
    return float(apart.mean().sqrt())


def sliced_wasserstein_floor(real: Tensor, count: int, *, lines: int = LINES) -> float:
    """What to expect between all of the real points and `count` of the same distribution.

    Measured between halves of the real points, four times, and scaled: squared it falls as 1/n + 1/m. NaN for fewer
    than four points, or if one is not finite.
    """
    if not usable(real, least=4) or count < 1:
        return float("nan")
    draws = generator(1)
    squares = []
    for _ in range(HALVINGS):
        one, other = real[torch.randperm(len(real), generator=draws).to(real.device)].tensor_split(2)
        scale = (1 / len(real) + 1 / count) / (1 / len(one) + 1 / len(other))
        squares.append(sliced_wasserstein(one, other, lines=lines) ** 2 * scale)
    return float((sum(squares) / len(squares)) ** 0.5)


def sorted_distance(a: Tensor, b: Tensor) -> Tensor:
    """Squared Wasserstein-2 distance of the numbers in each column, (N, L) against (M, L): (L,)."""
    a, b = a.sort(0)[0], b.sort(0)[0]
    if len(a) == len(b):
        return (a - b).square().mean(0)
    steps = [torch.arange(1, len(each) + 1, dtype=torch.float64, device=a.device) / len(each) for each in (a, b)]
    ends = torch.cat(steps).sort()[0]
    widths = torch.diff(ends, prepend=ends.new_zeros(1))
    middles = ends - widths / 2
    rows = [(middles * len(each)).long().clamp(max=len(each) - 1) for each in (a, b)]
    return ((a[rows[0]] - b[rows[1]]).square() * widths[:, None]).sum(0)
