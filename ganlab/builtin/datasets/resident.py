"""Samples that fit in memory: one tensor per field, gathered by index, on whatever device the tensors are.

Pictures may be kept as bytes (uint8, 0..255), a quarter of the memory; they become float32 in [-1, 1] when they are
taken. Everything else is handed out as it is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab import Random, Source
from ganlab.builtin.datasets.movement import Movement

STILL = Movement()


def pictures(levels: Tensor) -> Tensor:
    """Bytes 0..255 as float32 in [-1, 1]: level / 127.5 - 1."""
    return levels.to(torch.float32).div_(127.5).sub_(1.0)


class InMemory(Source):
    """`tensors` by field name, each (samples, ...); uint8 ones are pictures.

    `moved` names those that follow `movement` together.
    """

    resident = True

    def __init__(self, tensors: Mapping[str, Tensor], movement: Movement = STILL, moved: Collection[str] = ()) -> None:
        self.tensors = dict(tensors)
        self._movement = movement
        self._moved = tuple(moved) if movement != STILL else ()
        self._length = len(next(iter(self.tensors.values())))
        self._bytes = tuple(name for name, tensor in self.tensors.items() if tensor.dtype is torch.uint8)

    def __len__(self) -> int:
        return self._length

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        taken = {name: tensor.index_select(0, indices) for name, tensor in self.tensors.items()}
        if self._moved:
            moves = self._movement.draw(random)
            taken |= {name: self._movement.move(taken[name], moves) for name in self._moved}
        for name in self._bytes:
            taken[name] = pictures(taken[name])
        return taken

    def to(self, device: Any) -> InMemory:
        there = {name: tensor.to(device) for name, tensor in self.tensors.items()}
        return InMemory(there, self._movement, self._moved)

    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())


def fingerprint(*parts: Mapping[str, Tensor]) -> str:
    """SHA-256 over the names, types, shapes and bytes of all tensors, in order."""
    digest = hashlib.sha256()
    for part in parts:
        for name, tensor in part.items():
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()
