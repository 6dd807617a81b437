"""Features without a network: the data laid flat, and a fixed random projection of data that are too wide for that.

Distances in more than a few hundred dimensions are slow to compute and all much alike; a random projection keeps them
to within a few per cent (Johnson & Lindenstrauss 1984).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

import ganlab

if TYPE_CHECKING:
    from torch import Tensor

PROJECTED = 128
"""Data wider than this are projected, unless another network is named."""

Width = Annotated[int, Option(ge=1, le=4096)]


class Flatten(ganlab.Features):
    """The data themselves, as points of D = the number of their entries."""

    name = "flatten"

    def __init__(self, field: ganlab.Field, /) -> None:
        pass

    def embed(self, data: Tensor) -> Tensor:
        return data.flatten(1).float()


class Projection(ganlab.Features):
    """The data times a fixed matrix of normal numbers, `width` dimensions. Its name tells the width."""

    def __init__(self, field: ganlab.Field, /, *, width: Width = PROJECTED) -> None:
        self.name = f"projection-{width}"
        self.width = width
        self._matrix: Tensor | None = None

    def embed(self, data: Tensor) -> Tensor:
        points = data.flatten(1).float()
        if self._matrix is None or self._matrix.device != points.device:
            self._matrix = self._drawn(points.shape[1]).to(points.device)
        projected: Tensor = points @ self._matrix
        return projected

    def _drawn(self, entries: int) -> Tensor:
        import torch

        generator = torch.Generator().manual_seed(0)
        return torch.randn(entries, self.width, generator=generator).div_(self.width**0.5)


def automatic(field: ganlab.Field, /) -> ganlab.Features:
    """`flatten` for data of up to 128 entries, else `projection`; numbers carry the name of the one that was taken."""
    from math import prod

    return Flatten(field) if prod(field.shape) <= PROJECTED else Projection(field)
