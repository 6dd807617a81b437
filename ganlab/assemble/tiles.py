"""Large pictures in tiles that overlap: no seams, and no more memory than a band of tiles takes.

In an overlap a tile's outer quarter counts for nothing, where its network has seen less than it should, and over the
middle half one tile fades into the next. A network that sees no farther than a quarter of the overlap makes to the
bit, up to rounding, what it would have made of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A part of a picture, in its pixels."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, data: Tensor) -> Tensor:
        """That part of (..., H, W)."""
        return data[..., self.top : self.top + self.height, self.left : self.left + self.width]


def from_tiles(make: Callable[[Box], Tensor], size: tuple[int, int], tile: int, aligned: int = 1) -> Tensor:
    """What `make` makes of a picture of that size, a tile at a time, as levels: uint8 (..., scale * H, scale * W).

    `make` returns (..., h, w) in [-1, 1], larger than its box by one whole factor for all boxes; of a picture that
    is one tile it may return any size. Tiles begin at multiples of `aligned`. Raises `ValueError` for other sizes.
    """
    first, *others = boxes(size, tile, aligned)
    if not others:
        return levels(make(first))
    height, width = first.height, first.width
    tops, lefts = starts(size[0], height, aligned), starts(size[1], width, aligned)
    scale = 0
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            part = make(Box(top, left, height, width))
            if not scale:
                scale = part.shape[-1] // width
                canvas = torch.empty(*part.shape[:-2], scale * size[0], scale * size[1], dtype=torch.uint8)
                band = torch.zeros(*part.shape[:-1], scale * size[1])
                down, across = shares(tops, height, scale), shares(lefts, width, scale)
            if not scale or part.shape[-2:] != (scale * height, scale * width):
                raise ValueError(f"of {height} x {width} it makes {part.shape[-2]} x {part.shape[-1]}")
            band[..., scale * left : scale * (left + width)] += part * across[column] * down[row][:, None]
        done = scale * ((tops[row + 1] if row + 1 < len(tops) else top + height) - top)
        canvas[..., scale * top : scale * top + done, :] = levels(band[..., :done, :])
        kept = band[..., done:, :].clone()
        band.zero_()
        band[..., : kept.shape[-2], :] = kept
    return canvas


def boxes(size: tuple[int, int], tile: int, aligned: int = 1) -> list[Box]:
    """The tiles that cover a picture of that size, row by row."""
    height, width = min(tile, size[0]), min(tile, size[1])
    tops, lefts = starts(size[0], height, aligned), starts(size[1], width, aligned)
    return [Box(top, left, height, width) for top in tops for left in lefts]


def starts(whole: int, tile: int, aligned: int = 1) -> list[int]:
    """Where tiles begin that cover `whole` pixels and overlap by a quarter at least."""
    stride = tile - tile // 4
    if aligned <= tile // 4:
        stride = stride // aligned * aligned
    return [*range(0, whole - tile, stride), whole - tile]


def shares(begin: Sequence[int], tile: int, scale: int) -> list[Tensor]:
    """How much each tile adds to each of its pixels (scale * tile,): what all add to one pixel is 1."""
    edge = scale * (tile // 4)
    place = torch.arange(scale * tile) + 0.5
    fade = ((place - edge / 4) / (edge / 2)).clamp(0, 1) if edge else torch.ones_like(place)
    whole = torch.zeros(scale * (begin[-1] + tile))
    weights = []
    for start in begin:
        weight = torch.ones_like(place)
        if start != begin[0]:
            weight = weight * fade
        if start != begin[-1]:
            weight = weight * fade.flip(0)
        weights.append(weight)
        whole[scale * start : scale * (start + tile)] += weight
    return [weight / whole[scale * start :][: scale * tile] for start, weight in zip(begin, weights, strict=True)]


def levels(data: Tensor) -> Tensor:
    """[-1, 1] as bytes 0..255; what is no number is black."""
    return data.nan_to_num(nan=-1.0).clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


def mirrored(data: Tensor, multiple: int) -> Tensor:
    """(..., H, W) made larger to multiples of a number, below and to the right, by reflection."""
    for axis in (-2, -1):
        length = data.shape[axis]
        place = torch.arange(-(-length // multiple) * multiple) % max(2 * (length - 1), 1)
        data = data.index_select(axis, torch.minimum(place, (2 * (length - 1) - place).abs()))
    return data
