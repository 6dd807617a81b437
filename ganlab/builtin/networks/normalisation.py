"""Normalisation: of activations, layer by layer, or of all weights of a network by their largest singular value."""

from __future__ import annotations

from math import gcd

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganlab.builtin.networks.choices import Norm

_WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, nn.Embedding)


def normalisation(norm: Norm, channels: int, *, affine: bool = True) -> nn.Module:
    """A layer (N, C, H, W) -> same shape, with learnt gain and shift if `affine`; identity for "spectral" and "none".

    "layer" is over C, H and W (one group); "group" takes at most 32 groups.
    """
    if norm == "batch":
        return nn.BatchNorm2d(channels, affine=affine)
    if norm == "instance":
        return nn.InstanceNorm2d(channels, affine=affine)
    if norm == "layer":
        return nn.GroupNorm(1, channels, affine=affine)
    if norm == "group":
        return nn.GroupNorm(gcd(32, channels), channels, affine=affine)
    return nn.Identity()


def divide_by_spectral_norm(network: nn.Module) -> None:
    """Keep the largest singular value of every weight near 1, by one power iteration per forward pass in training.

    Miyato et al. 2018, arXiv:1802.05957, algorithm 1. A kernel (out, in, h, w) is read as a matrix (out, in h w).
    """
    for module in list(network.modules()):
        if isinstance(module, _WEIGHTED):
            spectral_norm(module)
