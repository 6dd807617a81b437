"""The checkpoint's format: a tree of plain values and tensors in one file that knows when it is damaged.

    "GANLABCK" | version (1 byte) | SHA-256 of all other bytes (32) | length of the body (8) | body: safetensors

The tree is the body's metadata, see `tree`. The hash tells damage, not a forger: limits on everything that is declared
hold for right hashes too. In format 1 there was no length, and the hash covered the body alone.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load
from torch import Tensor

from ganlab.engine.tree import MOST_BRACKETS, brackets, flattened, restored
from ganlab.errors import CheckpointError

MAGIC = b"GANLABCK"
VERSION = 2
START = len(MAGIC) + 1 + 32
"""Where what follows the hash begins."""

LENGTH = 8
PIECE = 1 << 20

MOST_HEADER = 16 << 20
MOST_TENSORS = 65_536
MOST_DIMENSIONS = 8

KINDS = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.complex64: "C64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""How safetensors calls the kinds of numbers."""

NOT_OF_THE_FILE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the system says when it is not the file that is at fault."""


class NewerFormat(CheckpointError):
    """A whole checkpoint of a later ganlab: there is nothing to mend, and no older one to be taken in its place."""


def pack(tree: Mapping[str, Any]) -> bytes:
    """The tree as bytes. Raises `TypeError` for what a checkpoint cannot hold, and `unpack` would not give back."""
    text, tensors = flattened(tree)
    header, order = _header(text, tensors)
    size = LENGTH + len(header) + sum(each.nbytes for each in order)
    begin, length = MAGIC + bytes([VERSION]), size.to_bytes(LENGTH, "little")
    digest = hashlib.sha256(begin + length)
    file = BytesIO()
    file.write(begin + digest.digest() + length)
    for piece in (len(header).to_bytes(LENGTH, "little"), header):
        digest.update(piece)
        file.write(piece)
    for tensor in order:  # each is copied once, straight to its place; nothing here is larger than the file
        numbers = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
        digest.update(numbers)
        file.write(numbers)
    file.getbuffer()[len(begin) : START] = digest.digest()
    return file.getvalue()


def unpack(raw: bytes, name: str = "checkpoint") -> dict[str, Any]:
    """The tree in `raw`. Raises `CheckpointError` if a single bit is wrong; nothing is parsed before that is known."""
    return _unpacked(BytesIO(raw), len(raw), name)


def read(path: Path) -> dict[str, Any]:
    """The tree in the file. Raises `CheckpointError` if it is missing, no plain file, or damaged."""
    with _opened(path) as file:
        return _unpacked(file, os.fstat(file.fileno()).st_size, one_line(path.name))


def is_whole(path: Path) -> bool:
    """True if it is a checkpoint whose hash is right."""
    try:
        with _opened(path) as file:
            _verified(file, os.fstat(file.fileno()).st_size, one_line(path.name))
    except NewerFormat:
        return True
    except CheckpointError:
        return False
    return True


def _header(text: str, tensors: Mapping[str, Tensor]) -> tuple[bytes, list[Tensor]]:
    """The header of a safetensors body, and the tensors in the order of their places. Raises `TypeError`."""
    told: dict[str, Any] = {"__metadata__": {"tree": text}}
    order: list[Tensor] = []
    end = 0
    for key, tensor in sorted(tensors.items(), key=lambda each: (-each[1].element_size(), each[0])):
        if tensor.dtype not in KINDS or tensor.layout is not torch.strided or tensor.dim() > MOST_DIMENSIONS:
            kind = f"{tensor.dtype}, {tensor.layout}, {tensor.dim()} dimensions"
            raise TypeError(f"a checkpoint cannot hold {key}: {kind}")
        begin, end = end, end + tensor.nbytes
        told[key] = {"dtype": KINDS[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
        order.append(tensor)
    header = json.dumps(told, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    if len(order) > MOST_TENSORS or len(header) > MOST_HEADER or brackets(header) > MOST_BRACKETS:
        raise TypeError(f"a checkpoint cannot hold {len(order)} tensors and {len(header)} bytes of values beside them")
    return header, order


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, for reading. What the system has against it is a `CheckpointError`, inside too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise CheckpointError(f"{one_line(path.name)}: is no plain file")
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        if error.errno in NOT_OF_THE_FILE:
            raise
        told = "is a symbolic link" if error.errno == errno.ELOOP else f"cannot be read ({error.strerror})"
        raise CheckpointError(f"{one_line(path.name)}: {told}") from None


def _unpacked(file: BinaryIO, size: int, name: str) -> dict[str, Any]:
    start = _verified(file, size, name)
    file.seek(start)
    body = file.read()
    try:
        length = int.from_bytes(body[:LENGTH], "little")
        text = _tree_text(body[LENGTH : LENGTH + length], len(body) - LENGTH - length)
        return restored(text, {key: each.clone() for key, each in load(body).items()})  # no views of the whole file
    except MemoryError:  # nothing is known of the file then
        raise
    except Exception as error:  # json, safetensors and torch raise a dozen kinds for what nobody would write
        raise CheckpointError(f"{name}: cannot be read ({type(error).__name__}: {one_line(error)})") from None


def _verified(file: BinaryIO, size: int, name: str) -> int:
    """Where the body begins, of a file of `size` bytes that are all as they were written. Raises `CheckpointError`."""
    begin = file.read(len(MAGIC) + 1)
    if begin[: len(MAGIC)] != MAGIC or len(begin) <= len(MAGIC):
        raise CheckpointError(f"{name}: is not a ganlab checkpoint")
    version = begin[-1]
    if version == 0:
        raise CheckpointError(f"{name}: is damaged (there is no format 0)")
    newer = f"{name}: has format {version} and needs a newer ganlab, this one reads up to {VERSION}"
    wanted = file.read(START - len(begin))
    start, digest = START, hashlib.sha256()
    if version != 1:
        length = file.read(LENGTH)
        start, digest = START + LENGTH, hashlib.sha256(begin + length)
        if (told := int.from_bytes(length, "little")) != size - start and version <= VERSION:
            raise CheckpointError(f"{name}: is damaged or cut short ({size} bytes, and it should have {told + start})")
    first = file.read(LENGTH)
    header = int.from_bytes(first, "little")
    if version <= VERSION and not 2 <= header <= min(MOST_HEADER, size - start - LENGTH):
        raise CheckpointError(f"{name}: is damaged (it declares a header of {header} bytes, of {size} in all)")
    digest.update(first)
    while piece := file.read(PIECE):
        digest.update(piece)
    if digest.digest() != wanted:
        if version > VERSION:
            raise CheckpointError(f"{newer}, or it is damaged (its SHA-256 does not match)")
        raise CheckpointError(f"{name}: is damaged (its SHA-256 does not match)")
    if version > VERSION:
        raise NewerFormat(f"{newer}: upgrade it, or move the checkpoint away to go on from the one before")
    return start


def _tree_text(header: bytes, size: int) -> str:
    """The tree in a header, whose tensors must fill `size` bytes exactly. Raises `ValueError`, among others."""
    if brackets(header) > MOST_BRACKETS:
        raise ValueError(f"{brackets(header)} lists and tables, of at most {MOST_BRACKETS}")
    told = json.loads(header)
    text = told.pop("__metadata__")["tree"]
    if len(told) > MOST_TENSORS:
        raise ValueError(f"{len(told)} tensors, of at most {MOST_TENSORS}")
    if any(len(each["shape"]) > MOST_DIMENSIONS for each in told.values()):
        raise ValueError(f"a tensor of more than {MOST_DIMENSIONS} dimensions")
    end = max((each["data_offsets"][1] for each in told.values()), default=0)
    if end != size:
        raise ValueError(f"{end} bytes of tensors are declared, {size} are there")
    return str(text)


def one_line(said: object, most: int = 120) -> str:
    """What it says, on one line of bearable length."""
    text = " ".join(str(said)[: 4 * most].split())
    return text if len(text) <= most else text[: most - 3] + "..."
