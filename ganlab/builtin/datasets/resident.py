"""Samples that fit in memory: one tensor per field, gathered by index, on whatever device the tensors are.

Pictures may be kept as bytes (uint8, 0..255), a quarter of the memory; they become float32 in [-1, 1] when they are
taken. Everything else is handed out as it is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab import Random, Source


def pictures(levels: Tensor) -> Tensor:
    """Bytes 0..255 as float32 in [-1, 1]: level / 127.5 - 1."""
    return levels.to(torch.float32).div_(127.5).sub_(1.0)


class InMemory(Source):
    """`tensors` by field name, each (samples, ...); uint8 ones are pictures."""

    resident = True

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = dict(tensors)
        self._length = len(next(iter(self.tensors.values())))
        self._bytes = frozenset(name for name, tensor in self.tensors.items() if tensor.dtype is torch.uint8)

    def __len__(self) -> int:
        return self._length

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        taken = {name: tensor.index_select(0, indices) for name, tensor in self.tensors.items()}
        for name in self._bytes:
            taken[name] = pictures(taken[name])
        return taken

    def to(self, device: Any) -> InMemory:
        return InMemory({name: tensor.to(device) for name, tensor in self.tensors.items()})

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
