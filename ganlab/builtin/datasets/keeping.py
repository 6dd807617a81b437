"""Pictures that stay in memory: as long as all of them fit, in few large blocks instead of many small pieces."""

from __future__ import annotations

import threading
from math import prod

import torch
from torch import Tensor

from ganlab.builtin.datasets.decoding import Shape

BLOCK_BYTES = 1 << 24
"""Memory of this size goes back to the system as soon as it is let go; small pieces may not."""


class Keeper:
    """Keeps pictures until they would take more than `memory_bytes`; then none of them."""

    def __init__(self, memory_bytes: int) -> None:
        self.keeping = memory_bytes > 0
        self._left = memory_bytes
        self._lock = threading.Lock()
        self._block = torch.empty(0, dtype=torch.uint8)
        self._used = 0

    def expect(self, expected: int) -> None:
        """So many bytes, and maybe more, are going to come."""
        self.keeping = self.keeping and expected <= self._left

    def claim(self, shapes: tuple[Shape, ...]) -> bool:
        """Whether pictures of these shapes still fit. Called from several threads."""
        with self._lock:
            self._left -= sum(map(prod, shapes))
            self.keeping = self.keeping and self._left >= 0
            return self.keeping

    def keep(self, pictures: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The same pictures, in a block."""
        return tuple(map(self._keep, pictures))

    def _keep(self, picture: Tensor) -> Tensor:
        if self._used + picture.numel() > len(self._block):
            self._block = torch.empty(max(BLOCK_BYTES, picture.numel()), dtype=torch.uint8)
            self._used = 0
        place = self._block[self._used : self._used + picture.numel()].view(picture.shape)
        self._used += picture.numel()
        return place.copy_(picture)
