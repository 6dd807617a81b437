"""Weights for networks whose own cannot be downloaded: random ones, in files as users have them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import prod
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from ganlab.builtin.features.inception_network import built


def stored(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Write them; the options that name the file."""
    raw = save(dict(tensors))
    path.write_bytes(raw)
    return {"weights": str(path), "sha256": hashlib.sha256(raw).hexdigest()}


def inception(classes: int) -> dict[str, Tensor]:
    """Weights of Inception-v3: each tensor drawn from a seed of its own, so that the order is of no matter."""
    return {name: drawn(name, tuple(each.shape)) for name, each in built(classes, published=True).state_dict().items()}


def drawn(name: str, shape: tuple[int, ...]) -> Tensor:
    """Convolutions that keep the size of what they are given, and means and variances near 0 and 1."""
    generator = torch.Generator().manual_seed(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16))
    if name.endswith("running_var"):
        return torch.rand(shape, generator=generator) + 0.5
    if len(shape) == 1:
        return torch.randn(shape, generator=generator) / 10 + name.endswith("bn.weight")
    return torch.randn(shape, generator=generator) * (2 / prod(shape[1:])) ** 0.5
