"""How good enlarged pictures are: numbers of pictures (N, C, H, W) in [-1, 1] beside the truth, in the same order."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

SPAN = 2.0
LUMA, LUMA_SPAN = (65.481, 128.553, 24.966), 255.0
"""ITU-R BT.601 in studio swing, of colours in 0..1: what PSNR is published of."""

WINDOW, DEVIATION = 11, 1.5
STEADY = (0.01 * SPAN) ** 2, (0.03 * SPAN) ** 2


def psnr(made: Tensor, truth: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in decibels, (N,), over all channels alike; 100 for equal pictures."""
    error = (made - truth).double().square().flatten(1).mean(1)
    return 10 * torch.log10(SPAN**2 / error.clamp(min=SPAN**2 * 1e-10))


def luma(pictures: Tensor, border: int) -> Tensor:
    """Y of YCbCr, (N, 1, h, w), scaled so that its peak is that of a picture, without `border` pixels all round: the
    protocol of published PSNR and SSIM. Grey pictures count as Y."""
    cut = pictures[..., border : pictures.shape[2] - border, border : pictures.shape[3] - border]
    if cut.shape[1] != 3:
        return cut[:, :1]
    weights = cut.new_tensor(LUMA)[:, None, None] / LUMA_SPAN
    return (cut * weights).sum(1, keepdim=True)


def ssim(made: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity, (N,), 1 for equal pictures (Wang et al. 2004): Gaussian windows that lie within, channels
    alike."""
    places = torch.arange(WINDOW, dtype=torch.float64, device=made.device) - WINDOW // 2
    line = torch.softmax(-(places**2) / (2 * DEVIATION**2), 0)
    window = (line[:, None] * line)[None, None]
    one, other = (each.double().flatten(0, 1)[:, None] for each in (made, truth))

    def seen(values: Tensor) -> Tensor:
        return conv2d(values, window)

    mean, others = seen(one), seen(other)
    spread = seen(one * one) - mean**2 + seen(other * other) - others**2
    together = seen(one * other) - mean * others
    alike = (2 * mean * others + STEADY[0]) * (2 * together + STEADY[1])
    alike = alike / ((mean**2 + others**2 + STEADY[0]) * (spread + STEADY[1]))
    return alike.flatten(1).mean(1).reshape(len(made), -1).mean(1)


def high_frequency(pictures: Tensor) -> float:
    """The mean square of what is left of pictures (N, C, H, W) when each pixel's 3 x 3 mean is taken away, within their
    borders."""
    fine = pictures[..., 1:-1, 1:-1].double() - avg_pool2d(pictures.double(), 3, 1)
    return float(fine.square().mean())


def frechet(made: Tensor, truth: Tensor) -> float:
    """Frechet distance between two sets of points (N, D) (Heusel et al. 2017, arXiv:1706.08500, eq. 6)."""
    one, other = (torch.linalg.qr(each.double() - each.double().mean(0), mode="r").R for each in (made, truth))
    scale = (len(made) * len(truth)) ** 0.5
    roots = torch.linalg.svdvals(one @ other.T) / scale  # square roots of the covariances' product's eigenvalues
    apart = (made.double().mean(0) - truth.double().mean(0)).square().sum()
    spreads = one.square().sum() / len(made) + other.square().sum() / len(truth)
    return float((apart + spreads - 2 * roots.sum()).clamp(min=0))
