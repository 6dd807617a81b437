"""How alike two pictures are: SSIM (Wang et al. 2004) and MS-SSIM (Wang, Simoncelli & Bovik 2003).

The mean over random pairs of generated pictures tells how little they differ (Odena et al. 2017, arXiv:1610.09585).
The windows are multiplied as banded matrices, one for rows and one for columns; beyond its edges a picture is
mirrored.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import generator, usable

SPAN = 2.0
"""Pictures live in [-1, 1]."""

STEADY = (0.01 * SPAN) ** 2, (0.03 * SPAN) ** 2
WINDOW, DEVIATION = 11, 1.5
SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)

SMALLEST = (WINDOW - 1) << (len(SCALES) - 1)
"""Sides must be longer than this for MS-SSIM, so that the last of its five scales still holds a window."""


def similarity(a: Tensor, b: Tensor) -> Tensor:
    """MS-SSIM of pictures (N, C, H, W) in [-1, 1] whose sides are longer than 160, else SSIM: (N,), 1 for equal ones.

    The window is 11 x 11, less for sides below 6.
    """
    return multi_scale(a, b) if min(a.shape[2:]) > SMALLEST else compared(a, b)[0].mean((1, 2, 3))


def mean_similarity(pictures: Tensor, pairs: int) -> float:
    """Over that many pairs of different pictures (N, C, H, W), always the same ones; NaN for fewer than two pictures,
    or if one is not finite."""
    if not usable(pictures):
        return float("nan")
    draws = generator()
    count = len(pictures)
    first = torch.randint(count, (pairs,), generator=draws)
    second = (first + torch.randint(1, count, (pairs,), generator=draws)) % count
    chunk = max(1, 2**22 // pictures[0].numel())
    parts = [
        similarity(pictures[one.to(pictures.device)], pictures[other.to(pictures.device)])
        for one, other in zip(torch.split(first, chunk), torch.split(second, chunk), strict=True)
    ]
    return float(torch.cat(parts).mean())


def multi_scale(a: Tensor, b: Tensor) -> Tensor:
    """MS-SSIM (N,) of pictures (N, C, H, W) whose sides are longer than 160; negative parts count as 0."""
    parts = []
    for _ in SCALES:
        alike, contrast = compared(a, b)
        edge = WINDOW // 2  # where windows reach beyond the picture, contrast does not count
        parts.append(contrast[..., edge:-edge, edge:-edge].mean((1, 2, 3)).relu())
        a, b = (torch.nn.functional.avg_pool2d(each, 2) for each in (a, b))
    parts[-1] = alike.mean((1, 2, 3)).relu()
    powers = [part**scale for part, scale in zip(parts, SCALES, strict=True)]
    return torch.stack(powers).prod(0)


def compared(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM and its contrast part at every place, (N, C, H, W), in float64 where there is one."""
    a, b = (each if each.device.type == "mps" else each.double() for each in (a, b))
    rows, columns = (windows(side, a) for side in a.shape[2:])

    def seen(values: Tensor) -> Tensor:
        return rows @ values @ columns.T

    mean_a, mean_b = seen(a), seen(b)
    spread = (seen(a * a) - mean_a**2).clamp(min=0) + (seen(b * b) - mean_b**2).clamp(min=0)
    together = seen(a * b) - mean_a * mean_b
    contrast = (2 * together + STEADY[1]) / (spread + STEADY[1])
    return (2 * mean_a * mean_b + STEADY[0]) / (mean_a**2 + mean_b**2 + STEADY[0]) * contrast, contrast


def windows(side: int, like: Tensor) -> Tensor:
    """The weights of a Gaussian window around every place of a side, (side, side)."""
    reach = min(WINDOW // 2, side - 1)
    offsets = torch.arange(-reach, reach + 1, device=like.device)
    weights = torch.softmax(-(offsets.to(like.dtype) ** 2) / (2 * DEVIATION**2), 0)
    last = side - 1
    seen = last - (last - (torch.arange(side, device=like.device)[:, None] + offsets).abs()).abs()
    return like.new_zeros(side, side).scatter_add_(1, seen, weights.expand(side, -1))
