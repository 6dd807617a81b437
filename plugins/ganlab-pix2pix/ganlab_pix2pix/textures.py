"""The rule of `labels-texture`: which stripes and colours a label asks for, and which label stripes answer.

A picture is cells of 8 x 8 pixels, each with one of four labels. Labels share their colours in pairs, but for shades
that are hardly farther apart than pictures are; the direction of the stripes tells all four. A wave runs through its
cell a whole number of times: in a cell the four are orthogonal, and reading them back is exact. How far a wave is moved
along is drawn for each picture, and cannot be foretold: whoever answers with what is nearest to all that might be
answers with weak stripes.
"""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor

CELL = 8
"""Side of a cell, in pixels."""

COLOURS = torch.tensor([[0.15, -0.15, -0.45], [0.35, 0.05, -0.25], [-0.45, -0.15, 0.15], [-0.25, 0.05, 0.35]])
"""The mean colour of each label's texture: orange twice and blue twice, a darker and a lighter one."""

INKS = 2.2 * COLOURS
"""What the labels are painted in: the same, far more vivid."""

WAVES = ((2, 0), (0, 2), (1, 1), (1, -1))
"""How often the stripes of each label pass a cell, downwards and to the right."""

AMPLITUDE = 0.2
SLACK = 0.75
"""By how much a wave may be moved along, each way, as a share of half its length."""

TINT = 0.06
"""By how much a picture's two colours may be off, each way."""

POINTS = (3, 7)
"""How many patches of one label a picture is divided into: at least, and less than."""

LEAST_AMPLITUDE = 0.6
"""A cell whose stripes are weaker, as a share of what the rule asks for, has no texture: mush earns nothing."""

LEAST_PURE = 0.5
"""Nor has one in which less than this share of what varies is one wave: noise earns nothing."""


def draw_labels(count: int, cells: int, generator: torch.Generator) -> Tensor:
    """Label maps (count, cells, cells): the cells nearest to one of some points have that point's label."""
    most = POINTS[1] - 1
    places = torch.rand(count, most, 2, generator=generator) * cells
    present = torch.arange(most) < torch.randint(*POINTS, (count, 1), generator=generator)
    labels = torch.randint(len(WAVES), (count, most), generator=generator)
    centre = torch.arange(cells) + 0.5
    grid = torch.stack(torch.meshgrid(centre, centre, indexing="ij"), -1).reshape(-1, 2)
    far = torch.cdist(grid.expand(count, -1, -1), places).masked_fill(~present[:, None], float("inf"))
    return labels.gather(1, far.argmin(2)).reshape(count, cells, cells)


def draw_textures(labels: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (N, 3, H, W) in [-1, 1] of label maps (N, h, w)."""
    count, (height, width) = len(labels), (CELL * labels.shape[1], CELL * labels.shape[2])
    begin = SLACK * pi * (2 * torch.rand(count, len(WAVES), 1, 1, generator=generator) - 1)
    tint = TINT * (2 * torch.rand(count, 2, 3, generator=generator) - 1)
    stripes = AMPLITUDE * torch.cos(angles(height, width) + begin)
    colours = COLOURS + tint.repeat_interleave(2, 1)
    which = enlarged(labels)
    wave = stripes.gather(1, which[:, None])
    flat = colours.gather(1, which.flatten(1)[:, :, None].expand(-1, -1, 3))
    return flat.transpose(1, 2).reshape(count, 3, height, width) + wave


def paint(labels: Tensor) -> Tensor:
    """Label maps (N, h, w) as pictures (N, 3, H, W) in the inks of the labels."""
    return INKS[enlarged(labels)].permute(0, 3, 1, 2).contiguous()


def painted(pictures: Tensor) -> Tensor:
    """The labels (N, h, w) of painted pictures (N, 3, H, W): the nearest ink of each cell's mean."""
    means = torch.nn.functional.avg_pool2d(pictures.float(), CELL)
    return (means.permute(0, 2, 3, 1)[..., None, :] - INKS).square().sum(-1).argmin(-1)


def seen(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """The labels (N, h, w) that the stripes of each cell stand for, -1 where there are none, and how strong the
    strongest wave is there, 1 in real pictures."""
    count, channels, height, width = pictures.shape
    cells = pictures.reshape(count, channels, height // CELL, CELL, width // CELL, CELL).permute(0, 2, 4, 1, 3, 5)
    varying = cells - cells.mean((-2, -1), keepdim=True)
    waves = angles(CELL, CELL)
    both = torch.stack([waves.cos(), waves.sin()], 1) * (2 / CELL**2)
    energy = torch.einsum("nijcyx,lpyx->nijclp", varying, both).square().sum((3, 5))
    whole = 2 * varying.square().mean((-2, -1)).sum(-1)
    strongest, label = energy.max(-1)
    strength = (strongest / channels).sqrt() / AMPLITUDE
    clear = (strength >= LEAST_AMPLITUDE) & (strongest >= LEAST_PURE * whole)
    return torch.where(clear, label, -1), strength


def angles(height: int, width: int) -> Tensor:
    """Where each label's wave is at each pixel, (labels, height, width), in radians."""
    down, across = torch.arange(height)[:, None], torch.arange(width)
    return torch.stack([2 * pi / CELL * (often[0] * down + often[1] * across) for often in WAVES])


def enlarged(labels: Tensor) -> Tensor:
    """A label for each pixel (N, H, W) instead of each cell."""
    return labels.repeat_interleave(CELL, 1).repeat_interleave(CELL, 2)
