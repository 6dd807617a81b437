"""The vision transformer of DINOv2 (Dosovitskiy et al. 2020, arXiv:2010.11929; Oquab et al. 2023, arXiv:2304.07193).

Under the names that its weights are published with, so that a state dict says how large it is. Built on the meta
device: it takes memory when its weights come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention, silu

from ganlab import DataError

HEAD = 64
"""Dimensions of an attention head, in all sizes of it."""

MOST_BLOCKS = 64

OFFSET = 0.1
"""Added to the sides of the grid of places as they are scaled, in the networks without registers."""


@dataclass(frozen=True)
class Sizes:
    """How large a network is: dimensions, blocks, side of a patch, sides of the grid of places, register tokens, width
    of a block's inner layer, and whether that layer is gated."""

    width: int
    blocks: int
    patch: int
    grid: int
    registers: int
    inner: int
    gated: bool


def sizes_of(path: str, weights: Mapping[str, Tensor]) -> Sizes:
    """Read from the shapes of the weights. Raises `DataError` if they are no such network."""
    shapes = {name: tuple(each.shape) for name, each in weights.items()}
    try:
        width, _, patch, _ = shapes["patch_embed.proj.weight"]
        places = shapes["pos_embed"][1] - 1
        numbers = {int(found[1]) for name in shapes if (found := re.match(r"blocks\.(\d{1,3})\.", name))}
        gated = "blocks.0.mlp.w3.weight" in shapes
        inner = shapes["blocks.0.mlp.w3.weight"][1] if gated else shapes["blocks.0.mlp.fc1.weight"][0]
        registers = shapes["register_tokens"][1] if "register_tokens" in shapes else 0
    except (KeyError, IndexError, ValueError) as error:
        told = f"it lacks {error.args[0]}" if isinstance(error, KeyError) else "its shapes are others"
        raise DataError(f"{path}: holds no DINOv2 as published: {told}; take a file such as dinov2_vits14") from None
    if (
        width % HEAD
        or numbers != set(range(len(numbers)))
        or len(numbers) > MOST_BLOCKS
        or isqrt(places) ** 2 != places
    ):
        raise DataError(f"{path}: holds no DINOv2 as published: its shapes are others; take another file")
    return Sizes(width, len(numbers), patch, isqrt(places), registers, inner, gated)


class Transformer(nn.Module):
    """Pictures (N, 3, H, W), both sides a multiple of the patch, to the class token (N, D)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.cls_token = nn.Parameter(torch.empty(1, 1, sizes.width))
        self.pos_embed = nn.Parameter(torch.empty(1, sizes.grid**2 + 1, sizes.width))
        if sizes.registers:
            self.register_tokens = nn.Parameter(torch.empty(1, sizes.registers, sizes.width))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, sizes.width, sizes.patch, sizes.patch)})
        self.blocks = nn.ModuleList([Block(sizes) for _ in range(sizes.blocks)])
        self.norm = nn.LayerNorm(sizes.width, eps=1e-6)

    def forward(self, data: Tensor) -> Tensor:
        patches = self.patch_embed["proj"](data)
        tokens = torch.cat([self.cls_token.expand(len(data), -1, -1), patches.flatten(2).mT], 1)
        tokens = tokens + self._places(patches.shape[2], patches.shape[3])
        if self.sizes.registers:
            registers = self.register_tokens.expand(len(data), -1, -1)
            tokens = torch.cat([tokens[:, :1], registers, tokens[:, 1:]], 1)
        for block in self.blocks:
            tokens = block(tokens)
        found: Tensor = self.norm(tokens[:, 0])
        return found

    def _places(self, high: int, wide: int) -> Tensor:
        """Where each token lies: the learned grid, scaled to this one as the authors scale it."""
        grid = self.sizes.grid
        if (high, wide) == (grid, grid):
            return self.pos_embed
        learned = self.pos_embed[:, 1:].reshape(1, grid, grid, -1).permute(0, 3, 1, 2)
        if self.sizes.registers:
            scaled = interpolate(learned, (high, wide), mode="bicubic", antialias=True)
        else:
            scales = ((high + OFFSET) / grid, (wide + OFFSET) / grid)
            scaled = interpolate(learned, scale_factor=scales, mode="bicubic")
        return torch.cat([self.pos_embed[:, :1], scaled.flatten(2).mT], 1)


class Block(nn.Module):
    """Attention and an inner layer, each normalised first and scaled after."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width)
        self.ls1, self.ls2 = Scale(width), Scale(width)
        self.mlp = Gated(width, sizes.inner) if sizes.gated else Plain(width, sizes.inner)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        moved: Tensor = tokens + self.ls2(self.mlp(self.norm2(tokens)))
        return moved


class Attention(nn.Module):
    """Each token looks at all."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        count, length, width = tokens.shape
        asked = self.qkv(tokens).reshape(count, length, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(*asked.unbind())
        found: Tensor = self.proj(seen.transpose(1, 2).flatten(2))
        return found


class Scale(nn.Module):
    """One factor for each dimension."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens * self.gamma


class Plain(nn.Module):
    """Two layers with a GELU between."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, tokens: Tensor) -> Tensor:
        found: Tensor = self.fc2(gelu(self.fc1(tokens)))
        return found


class Gated(nn.Module):
    """Two layers, the first gated by its other half (SwiGLU, Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.w12 = nn.Linear(width, 2 * inner)
        self.w3 = nn.Linear(inner, width)

    def forward(self, tokens: Tensor) -> Tensor:
        gate, value = self.w12(tokens).chunk(2, -1)
        found: Tensor = self.w3(silu(gate) * value)
        return found


def built(sizes: Sizes) -> Transformer:
    """The network without memory for its weights. Draws nothing."""
    with torch.device("meta"):
        return Transformer(sizes)
