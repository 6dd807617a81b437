"""What a safetensors file says it holds, checked against its size before anything is made of it.

Anybody may write such a file. Here a header is small, its tensors are few, lie one after the other, and fill the file
to the byte: what it declares is what is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

MOST_HEADER = 16 << 20
MOST_TENSORS = 65_536
MOST_DIMENSIONS = 8
MOST_LETTERS = 1024
"""Of a tensor's name."""

BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "U16": 2,
    "I16": 2,
    "F16": 2,
    "BF16": 2,
    "U32": 4,
    "I32": 4,
    "F32": 4,
    "U64": 8,
    "I64": 8,
    "F64": 8,
}
"""Bytes of a number, by the format's name for its kind."""


@dataclass(frozen=True)
class Stored:
    """One tensor of a file: its kind of number, its shape, and where it begins and ends among the tensors' bytes."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)


def read_header(file: BinaryIO, size: int) -> dict[str, Stored]:
    """What a file of `size` bytes holds, by name, in the order in which it lies there; `file` is at its beginning.

    Raises `ValueError`, in words, unless all of it is as it must be.
    """
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > min(MOST_HEADER, size - 8):
        raise ValueError(f"a header of {length} bytes is declared, more than there is or may be")
    try:
        told = dict(json.loads(file.read(length)))
    except (ValueError, TypeError, RecursionError):
        raise ValueError("its header is no table in JSON") from None
    metadata = told.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(each, str) for each in metadata.values()):
        raise ValueError("its metadata are no table of texts")
    if len(told) > MOST_TENSORS:
        raise ValueError(f"{len(told)} tensors, of at most {MOST_TENSORS}")
    found = sorted(((name, _stored(name, each)) for name, each in told.items()), key=lambda pair: pair[1].begin)
    place = 0
    for name, stored in found:
        if stored.begin != place:
            raise ValueError(f"'{name[:80]}' begins at {stored.begin}, and the tensor before it ends at {place}")
        place = stored.end
    if place != size - 8 - length:
        raise ValueError(f"{place} bytes of tensors are declared, {size - 8 - length} are there")
    return dict(found)


def _stored(name: str, told: Any) -> Stored:
    try:
        kind, shape, (begin, end) = told["dtype"], told["shape"], told["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise ValueError(f"'{name[:80]}' is declared without its dtype, shape or place") from None
    if not isinstance(kind, str) or kind not in BYTES:
        raise ValueError(f"'{name[:80]}' is of the kind {str(kind)[:20]}; expected one of {', '.join(BYTES)}")
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS or len(name) > MOST_LETTERS:
        raise ValueError(f"'{name[:80]}' has more than {MOST_DIMENSIONS} dimensions, or a name too long")
    if not all(type(each) is int and 0 <= each < 2**48 for each in (*shape, begin, end)):
        raise ValueError(f"'{name[:80]}' has a shape or a place that is no count")
    if end - begin != prod(shape) * BYTES[kind]:
        raise ValueError(f"'{name[:80]}' has {prod(shape)} numbers of {kind} in {end - begin} bytes")
    return Stored(kind, tuple(shape), begin, end)
