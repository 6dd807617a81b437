"""Nearest neighbours in blocks: distances by matrix products in float32, decided as if in float64.

A product is several times as fast as a difference, and in float32 twice as fast as in float64, but its last digits are
noise. How much noise is known, so only what lies within it is measured again by differences in float64: few pairs, in
large sets none of which is ever held as an N x N matrix. Where too many are in doubt (many points nearly the same, far
from the rest) the block is multiplied again in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import frexp

import torch
from torch import Tensor

from ganlab.builtin.metrics.points import ROWS

FEW = 128
"""Rows brought to float64 at once."""

SPARE = 4
"""Neighbours looked at beyond the k-th, since the order of the nearest is in doubt until they are measured exactly."""

DOUBTFUL = 0.02
"""Share of a block's pairs that may be in doubt before the block is multiplied again in float64."""

MOST_MEASURED = 1e8
"""Numbers of a block that may be subtracted, a second's work, before what float64 leaves in doubt is taken as equal."""

SMALL = 5e8
"""Products of fewer multiplications are done in float64 at once."""

GATHERED = 500_000
"""Numbers that are brought together at once to be subtracted."""


class Cloud:
    """Points (N, D), seen from `middle` and in units of `scale`, so that products neither overflow nor lose digits."""

    def __init__(self, points: Tensor, middle: Tensor, scale: float) -> None:
        self.points = points
        self._middle, self._scale = middle, scale
        self._norms: dict[torch.dtype, Tensor] = {}

    def __len__(self) -> int:
        return len(self.points)

    def rows(self, chosen: slice | Tensor, dtype: torch.dtype) -> Tensor:
        """Those rows, in that precision."""
        rows = self.points[chosen]
        rows = rows if rows.dtype.itemsize >= dtype.itemsize else rows.to(dtype)
        rows = rows - self._middle.to(rows.dtype)
        return (rows if self._scale == 1 else rows.div_(self._scale)).to(dtype)

    def norms(self, dtype: torch.dtype) -> Tensor:
        """Squared lengths (N,)."""
        if dtype not in self._norms:
            self._norms[dtype] = torch.cat([self.rows(each, dtype).square().sum(1) for each in slices(len(self))])
        return self._norms[dtype]

    def noise(self, dtype: torch.dtype) -> float:
        """How wrong a squared distance may be, as a share of the two squared lengths it was made of."""
        return float(4 * torch.finfo(dtype).eps * self.points.shape[1] ** 0.5)

    def apart(self, rows: Tensor, other: Cloud, columns: Tensor) -> Tensor:
        """Squared distances of pairs, by differences in float64: exactly 0 for equal points, exactly equal where the
        data lie on a grid."""
        found = torch.empty(len(rows), dtype=torch.float64, device=rows.device)
        for each in slices(len(rows), max(1, GATHERED // self.points.shape[1])):
            step = self.points[rows[each]].double() - other.points[columns[each]].double()
            found[each] = step.div_(self._scale).square_().sum(1)
        return found


def clouds(*sets: Tensor) -> tuple[list[Cloud], float]:
    """Sets of points that are compared, seen from the middle of the first, and the unit of their distances: 1, or where
    squares could overflow or vanish a power of two, which changes no digit."""
    sets = tuple(each.detach().flatten(1) for each in sets)
    middle = torch.stack([part.double().sum(0) for part in torch.split(sets[0], FEW)]).sum(0) / len(sets[0])
    farthest = max(float((part.double() - middle).abs_().max()) for each in sets for part in torch.split(each, FEW))
    scale = 1.0 if 1e-6 < farthest < 1e6 else 2.0 ** frexp(farthest)[1]
    return [Cloud(each, middle, scale) for each in sets], scale


def precision(pairs: float, dimensions: int) -> torch.dtype:
    """In which products are made first."""
    return torch.float64 if pairs * dimensions < SMALL else torch.float32


def slices(count: int, size: int = ROWS) -> Iterator[slice]:
    """Blocks of rows."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def block(a: Cloud, rows: slice | Tensor, right: Tensor, norms: Tensor, dtype: torch.dtype) -> Tensor:
    """Squared distances of some rows of `a` to the points `right` with those squared lengths, noisy."""
    left = a.norms(dtype)[rows]
    return torch.addmm(norms, a.rows(rows, dtype), right.T, alpha=-2).add_(left[:, None])


class Shortlist:
    """The `size` least values met so far in each row, in order, and in which columns."""

    def __init__(self, rows: int, size: int, like: Tensor) -> None:
        self.values = like.new_full((rows, size), float("inf"))
        self.columns = like.new_zeros((rows, size), dtype=torch.int64)

    def meet(self, rows: slice, values: Tensor, first: int) -> None:
        """A block of values (R, C) of those rows, whose first column is number `first`."""
        kept, columns = self.values[rows], self.columns[rows]
        size = kept.shape[1]
        if bool(kept[:, -1].isinf().any()):
            values, order = values.topk(min(size, values.shape[1]), 1, largest=False)
            found = order + first
        else:
            values, found = condensed(values, kept[:, -1:], first)
        every, names = torch.cat([kept, values], 1), torch.cat([columns, found], 1)
        self.values[rows], order = every.topk(size, 1, largest=False)
        self.columns[rows] = names.gather(1, order)


def condensed(values: Tensor, limit: Tensor, first: int) -> tuple[Tensor, Tensor]:
    """What is below the limit of its row, moved to the left and filled up with infinity, and the columns it was in."""
    row, column = (values < limit).nonzero().unbind(1)
    held = torch.bincount(row, minlength=len(values))
    place = torch.arange(len(row), device=row.device) - (held.cumsum(0) - held)[row]
    width = int(held.max()) if len(row) else 0
    packed = values.new_full((len(values), width), float("inf"))
    names = column.new_zeros((len(values), width))
    packed[row, place] = values[row, column]
    names[row, place] = column + first
    return packed, names
