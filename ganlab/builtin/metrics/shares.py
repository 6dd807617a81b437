"""Which of K modes, or classes, a generator reaches, from how often it hits each."""

from __future__ import annotations

import math

import torch
from torch import Tensor

REACHED = 0.1
"""A mode counts if it gets this part of its share: one lucky sample is not a mode."""


def modes_reached(hits: Tensor) -> int:
    """How many of K equally likely modes get a tenth of their share of the hits (K,) at least."""
    total = float(hits.sum())
    return int((hits >= REACHED * total / len(hits)).sum()) if total else 0


def reverse_kl(hits: Tensor) -> float:
    """KL(shares of the modes || uniform), in nats, 0..log K; infinite if nothing was hit.

    Samples of the truth itself get about (K - 1) / (2 n), since a finite sample is never even.
    """
    total = float(hits.sum())
    if not total:
        return math.inf
    shares = hits.double() / total
    return max(0.0, float(torch.special.xlogy(shares, shares * len(hits)).sum()))
