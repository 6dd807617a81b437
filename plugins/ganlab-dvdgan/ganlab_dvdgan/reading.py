"""Reading moving shapes back from frames: which shape of which colour, where, and whether there is anything else.

Each pixel is given to the colour it is nearest to in hue, if it is bright enough. Of each colour every kind of shape is
laid over the pixels, at places around their centre of mass, and the one that covers them best is the one that is read.
Pixels of another colour do not count: they may hide a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from ganlab_dvdgan.rendering import COLOURS, covered

BRIGHT = 0.5
"""Ink, 0..1, from which a pixel belongs to a shape; half of that counts when its weight is measured."""

LEAST_AREA = 0.35
"""Of a disc's area: what is smaller is the rest of a shape that is hidden, or a speck, and is not read."""

SPECK = 0.12
"""Of a disc's area: so much bright ink may belong to nothing."""

FITS = 0.72
"""Covered in common over covered by either, from which a shape is one."""

STEPS = ((0.8, 5), (0.25, 5))
"""Pixels between the places that are tried, and how many a side; the second round around the best of the first."""

AT_ONCE = 2**23


@dataclass(frozen=True)
class Seen:
    """What M frames show, for each of the K colours: whether a shape is there (M, K), its kind (M, K), its centre in
    widths (M, K, 2); and `clean` (M,): whether there is nothing else."""

    there: Tensor
    kind: Tensor
    centre: Tensor
    clean: Tensor

    @property
    def count(self) -> Tensor:
        """How many shapes each frame shows (M,)."""
        return self.there.sum(1)


def look(frames: Tensor, kinds: Sequence[int], radius: float, *, hiding: bool = False) -> Seen:
    """What `frames` (M, 3, H, H) in [-1, 1] show; those with numbers that are not finite show nothing. With `hiding`
    shapes may lie behind others: what little is seen of one beside another is not read, and is nothing strange."""
    frames = frames.detach().to("cpu", torch.float32)
    sound = torch.isfinite(frames).flatten(1).all(1)
    frames = torch.where(sound[:, None, None, None], frames, -1.0).clamp(-1, 1)
    pieces = torch.split(frames, max(1, AT_ONCE // (25 * frames.shape[-1] ** 2))) if len(frames) else (frames,)
    seen = [_looked(piece, kinds, radius, hiding) for piece in pieces]
    there, kind, centre, clean = (torch.cat([getattr(each, name) for each in seen]) for name in Seen.__annotations__)
    return Seen(there, kind, centre, clean & sound)


def _looked(frames: Tensor, kinds: Sequence[int], radius: float, hiding: bool) -> Seen:
    count, size = len(frames), frames.shape[-1]
    light = (frames + 1) / 2
    ink = light.amax(1)
    hue = light / ink.clamp(min=1e-3)[:, None]
    nearest = torch.cdist(hue.permute(0, 2, 3, 1).reshape(-1, 3), (COLOURS + 1) / 2).argmin(1).reshape(ink.shape)
    disc = torch.pi * (radius * size) ** 2
    there = torch.zeros(count, len(COLOURS), dtype=torch.bool)
    kind = torch.zeros(count, len(COLOURS), dtype=torch.int64)
    centre = torch.zeros(count, len(COLOURS), 2)
    owned = torch.zeros(count, len(COLOURS), size, size, dtype=torch.bool)
    for colour in range(len(COLOURS)):
        own = nearest == colour
        bright = (own & (ink > BRIGHT)).flatten(1).sum(1)
        rows = (bright >= LEAST_AREA * disc).nonzero().flatten()
        if not len(rows):
            continue
        mine = torch.where(own[rows] & (ink[rows] > BRIGHT / 2), ink[rows], 0.0)
        others = ~own[rows] & (ink[rows] > BRIGHT)
        fit, which, place = _fitted(mine, others, kinds, radius)
        good = fit >= FITS
        there[rows, colour], kind[rows, colour], centre[rows, colour] = good, which, place
        owned[rows, colour] = own[rows] & (ink[rows] > BRIGHT) & good[:, None, None]
    spare = (ink > BRIGHT) & ~owned.any(1)
    if hiding:
        spare &= ~_beside(owned, nearest, ink, LEAST_AREA * disc)
    return Seen(there, kind, centre, spare.flatten(1).sum(1) <= max(2.0, SPECK * disc))


def _beside(owned: Tensor, nearest: Tensor, ink: Tensor, least: float) -> Tensor:
    """Pixels (M, H, H) that belong to the rest of a hidden shape, which touches another, or to a seam between two."""
    around = max_pool2d(owned.float(), 3, stride=1, padding=1) > 0
    beside = around.sum(1) > 1
    for colour in range(len(COLOURS)):
        rest = (nearest == colour) & (ink > BRIGHT)
        small = rest.flatten(1).sum(1) < least
        touches = (rest & around.any(1)).flatten(1).any(1)
        beside |= rest & (small & touches)[:, None, None]
    return beside


def _fitted(mine: Tensor, others: Tensor, kinds: Sequence[int], radius: float) -> tuple[Tensor, Tensor, Tensor]:
    """How well the best kind fits the ink `mine` (M, H, H), which it is, and where."""
    size = mine.shape[-1]
    along = (torch.arange(size) + 0.5) / size
    weight = mine.flatten(1).sum(1)
    middle = torch.stack([(mine * along).flatten(1).sum(1), (mine * along[:, None]).flatten(1).sum(1)], 1)
    best = torch.full((len(mine),), -1.0)
    which = torch.zeros(len(mine), dtype=torch.int64)
    place = middle / weight[:, None]
    begin = place
    for each in kinds:
        spot, fit = begin, torch.zeros(len(mine))
        for step, side in STEPS:
            offsets = (torch.arange(side) - side // 2) * step / size
            grid = torch.cartesian_prod(offsets, offsets)
            tried = spot[:, None] + grid
            shares = covered(each, tried[..., 0], tried[..., 1], radius, size) * ~others[:, None]
            common = torch.minimum(shares, mine[:, None]).flatten(2).sum(2)
            either = torch.maximum(shares, mine[:, None]).flatten(2).sum(2)
            fit, chosen = (common / either.clamp(min=1e-6)).max(1)
            spot = tried[torch.arange(len(tried)), chosen]
        better = fit > best
        best, which = torch.where(better, fit, best), torch.where(better, each, which)
        place = torch.where(better[:, None], spot, place)
    return best, which, place
