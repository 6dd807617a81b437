"""How near a frame is to the one that it should be: PSNR, and SSIM (Wang et al. 2004)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

MOST = 60.0
"""dB at which PSNR ends: equal frames would have infinitely many, and one of them would be the mean of all."""

STEADY = (0.01 * 2) ** 2, (0.03 * 2) ** 2
REACH, DEVIATION = 5, 1.5


def psnr(made: Tensor, real: Tensor) -> Tensor:
    """Peak signal to noise in dB (N,) of frames (N, C, H, W) in [-1, 1], over all their channels, at most 60."""
    error = (made - real).double().square().flatten(1).mean(1)
    return (10 * torch.log10(4 / error.clamp(min=4 / 10 ** (MOST / 10)))).float()


def ssim(made: Tensor, real: Tensor) -> Tensor:
    """SSIM (N,) of frames (N, C, H, W) in [-1, 1]: a Gaussian window of deviation 1.5 and 11 x 11 pixels, less for
    sides below 6, frames mirrored at their edges, the mean over channels."""
    first, second = (each.double().flatten(0, 1)[:, None] for each in (made, real))
    mean_a, mean_b = _seen(first), _seen(second)
    spread = (_seen(first**2) - mean_a**2).clamp(min=0) + (_seen(second**2) - mean_b**2).clamp(min=0)
    together = _seen(first * second) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + STEADY[0]) * (2 * together + STEADY[1])
    alike = alike / ((mean_a**2 + mean_b**2 + STEADY[0]) * (spread + STEADY[1]))
    return alike.reshape(len(made), -1).mean(1).float()


def _seen(pictures: Tensor) -> Tensor:
    for side in (2, 3):
        reach = min(REACH, pictures.shape[side] - 1)
        offsets = torch.arange(-reach, reach + 1, dtype=pictures.dtype, device=pictures.device)
        window = torch.softmax(-(offsets**2) / (2 * DEVIATION**2), 0)
        window = window[:, None] if side == 2 else window[None, :]
        edges = (0, 0, reach, reach) if side == 2 else (reach, reach, 0, 0)
        pictures = conv2d(pad(pictures, edges, mode="reflect"), window[None, None])
    return pictures
