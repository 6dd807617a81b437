"""Logits of any loss as log odds: the straight line through them that tells real from fake best (Platt 1999).

A critic's logits have no scale of their own, and a hinge's stop where they suffice. A slope and a shift make them
comparable in nats of cross-entropy: log 4 for one that cannot tell, 0 for one that tells for sure.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

BLIND = math.log(4)
"""The cross-entropy of both halves of who cannot tell: twice the logarithm of two."""

RIDGE = 1e-3
"""Keeps the slope finite where the logits tell for sure."""

MOST_STEPS = 30


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """E softplus(-D(x)) + E softplus(D(G(z))), in nats, of logits of any shape that are log odds."""
    from torch.nn.functional import softplus

    return softplus(-real).mean() + softplus(fake).mean()


def calibrated(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Slope a >= 0 and shift b that make a D + b the best log odds, by Newton's method. (0, 0) for logits that are all
    one number or tell the wrong way round; NaN for those that are not finite, or none."""
    real, fake = (each.detach().flatten().double().cpu() for each in (real, fake))
    both = torch.cat([real, fake])
    if len(real) == 0 or len(fake) == 0 or not bool(torch.isfinite(both).all()):
        return math.nan, math.nan
    middle, spread = float(both.mean()), float(both.std(correction=0))
    if not spread > 1e-12 * max(1.0, abs(middle)):
        return 0.0, 0.0
    slope, shift = _newton((real - middle) / spread, (fake - middle) / spread)
    return (slope / spread, shift - slope * middle / spread) if slope > 0 else (0.0, 0.0)


def _newton(real: Tensor, fake: Tensor) -> tuple[float, float]:
    """Least cross-entropy plus a little of the slope's square; both sides count alike, however many they are."""
    ones = torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
    points = torch.cat([real, fake])
    rows = torch.stack([points, torch.ones_like(points)], 1)
    weight = torch.where(ones > 0, 1 / len(real), 1 / len(fake))[:, None]
    ridge = torch.tensor([RIDGE, 0.0], dtype=points.dtype)

    def cost(line: Tensor) -> float:
        logits = rows @ line
        return float(cross_entropy(logits[: len(real)], logits[len(real) :]) + (ridge * line.square()).sum() / 2)

    line = torch.zeros(2, dtype=points.dtype)
    now = cost(line)
    for _ in range(MOST_STEPS):
        odds = (rows @ line).sigmoid()
        gradient = rows.T @ (weight[:, 0] * (odds - ones)) + ridge * line
        curvature = rows.T @ (weight * (odds * (1 - odds))[:, None] * rows) + torch.diag(ridge + 1e-9)
        step = torch.linalg.solve(curvature, gradient)
        while (then := cost(line - step)) > now and float(step.abs().max()) > 1e-9:
            step = step / 2
        line, gained, now = line - step, now - then, then
        if gained < 1e-10:
            break
    return float(line[0]), float(line[1])
