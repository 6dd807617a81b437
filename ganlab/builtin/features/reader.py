"""The reader of digits itself: functions of its weights, and how they are trained, without a trace left in the process.

No random number is drawn from what others share, no thread count stays changed, no optimiser of torch's is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, conv2d, cross_entropy, grid_sample, interpolate, max_pool2d

from ganlab.builtin.datasets.digits import HELD_OUT, read_digits
from ganlab.builtin.datasets.splitting import evenly

Weights: TypeAlias = dict[str, Tensor]

SIDE = 8
SHAPES = {
    "first": (16, 1, 3, 3),
    "second": (32, 16, 3, 3),
    "third": (64, 32, 3, 3),
    "points": (64, 256),
    "classes": (10, 64),
}

EPOCHS = 12
BATCH = 64
RATE = 0.05
MOMENTUM = 0.9
DECAY = 5e-4


def embedded(weights: Weights, data: Tensor) -> Tensor:
    """Points (N, 64) of pictures (N, C, H, W) in [-1, 1]."""
    grey = data.mean(1, keepdim=True)
    if grey.shape[2:] != (SIDE, SIDE):
        grey = interpolate(grey, (SIDE, SIDE), mode="area")
    found = grey
    for name in ("first", "second", "third"):
        found = conv2d(found, weights[name], weights[f"{name}-offset"], padding=1).relu()
        found = found if name == "first" else max_pool2d(found, 2)
    points: Tensor = (found.flatten(1) @ weights["points"].T + weights["points-offset"]).relu()
    return points


def classified(weights: Weights, points: Tensor) -> Tensor:
    """Logits (N, 10) of points."""
    logits: Tensor = points @ weights["classes"].T + weights["classes-offset"]
    return logits


def drawn(generator: Generator) -> Weights:
    """Weights before training (He et al. 2015, arXiv:1502.01852)."""
    weights = {}
    for name, shape in SHAPES.items():
        weights[name] = torch.randn(shape, generator=generator) * math.sqrt(2 / math.prod(shape[1:]))
        weights[f"{name}-offset"] = torch.zeros(shape[0])
    return weights


def train() -> Weights:
    """Weights after training: the same ones, to the bit, whenever the same torch is asked on the same kind of CPU."""
    generator = Generator().manual_seed(0)
    with alone():
        images, labels = read_digits(SIDE)
        chosen, _ = evenly(labels, HELD_OUT)
        images, labels = images[chosen], labels[chosen]
        weights = {name: each.requires_grad_() for name, each in drawn(generator).items()}
        speeds = {name: torch.zeros_like(each) for name, each in weights.items()}
        steps = EPOCHS * (len(images) // BATCH)
        for step in range(steps):
            if step % (len(images) // BATCH) == 0:
                order = torch.randperm(len(images), generator=generator)
            rows = order[BATCH * (step % (len(images) // BATCH)) :][:BATCH]
            points = embedded(weights, moved(images[rows], generator))
            cost = cross_entropy(classified(weights, points), labels[rows], label_smoothing=0.05)
            slopes = torch.autograd.grad(cost, list(weights.values()))
            rate = RATE * (1 + math.cos(math.pi * step / steps)) / 2
            with torch.no_grad():
                for (name, each), slope in zip(weights.items(), slopes, strict=True):
                    speeds[name].mul_(MOMENTUM).add_(slope + DECAY * each)
                    each.sub_(speeds[name], alpha=rate)
    return {name: each.detach() for name, each in weights.items()}


def moved(images: Tensor, generator: Generator) -> Tensor:
    """Turned by up to 12 degrees, scaled by up to 12 %, shifted by up to 0.8 pixels, and with some noise."""
    count = len(images)
    angle, wide, high, right, down = (torch.rand(5, count, generator=generator) * 2 - 1).unbind()
    angle, wide, high = angle * math.radians(12), 1 + 0.12 * wide, 1 + 0.12 * high
    shift = 0.8 * 2 / SIDE
    rows = [angle.cos() * wide, -angle.sin() * high, shift * right, angle.sin() * wide, angle.cos() * high]
    matrix = torch.stack([*rows, shift * down], 1).reshape(count, 2, 3)
    grid = affine_grid(matrix, list(images.shape), align_corners=False)
    # beyond its border a digit is black, which is -1
    found = grid_sample(images + 1, grid, align_corners=False) - 1
    return found + 0.1 * torch.randn(images.shape, generator=generator)


@contextmanager
def alone() -> Iterator[None]:
    """One thread, gradients, float32; afterwards all is as it was."""
    threads, kind = torch.get_num_threads(), torch.get_default_dtype()
    try:
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float32)
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.device("cpu"),
            torch.autocast("cpu", enabled=False),
        ):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(kind)
