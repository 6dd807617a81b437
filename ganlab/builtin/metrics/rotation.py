"""Whether two players run in circles: the linear map that takes them from each tick to the next, and its turning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LEAST = 8
"""Ticks without which nothing is said."""


@dataclass(frozen=True)
class Rotation:
    """`angle`: radians turned per tick, 0..pi; 0 where there is no turning. `persistence`: by what factor a departure
    from the middle shrinks (below 1) or grows per tick."""

    angle: float
    persistence: float


def rotation(path: Tensor) -> Rotation:
    """Of a path (T, 2), by the least-squares map from each departure from its middle to the next (dynamic mode
    decomposition, Schmid 2010). Both NaN where the path is short, not finite, or on one line."""
    nothing = Rotation(math.nan, math.nan)
    path = path.detach().double().cpu()
    if len(path) < LEAST or not bool(torch.isfinite(path).all()):
        return nothing
    path = path - path.mean(0)
    width = path.square().mean(0).sqrt()
    if bool((width == 0).any()):
        return nothing
    path = path / width
    before, after = path[:-1], path[1:]
    if float(torch.linalg.cond(before)) > 1e6:
        return nothing
    step = torch.linalg.lstsq(before, after).solution.T
    values = torch.linalg.eigvals(step)
    leading = values[values.abs().argmax()]
    turns = bool((values.imag.abs() > 1e-9).all())
    return Rotation(float(leading.angle().abs()) if turns else 0.0, float(leading.abs()))
