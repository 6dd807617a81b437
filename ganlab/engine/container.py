"""The checkpoint's format: a tree of plain values and tensors in one file that knows when it is damaged.

    "GANLABCK" | version (1 byte) | SHA-256 of all other bytes (32) | length of the body (8) | body: safetensors

The tree is the body's metadata. Nothing in it can name code. A tensor stands in the tree as {"$t": key}, a float as
{"$f": hex} (exact, NaN survives), a dict as {"$d": [[key, value], ...]} (keys keep their type), a tuple as
{"$u": [...]}. The hash tells damage, not a forger: limits on everything that is declared hold for right hashes too.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors.torch import load, save
from torch import Tensor

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
MOST_LEVELS = 64


def pack(tree: Mapping[str, Any]) -> bytes:
    """The tree as bytes. Raises `TypeError` for a value of any other type than those above."""
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_plain(tree, "", tensors, 0), separators=(",", ":"))
    body = save(tensors, {"tree": text})
    begin, length = MAGIC + bytes([VERSION]), len(body).to_bytes(LENGTH, "little")
    digest = hashlib.sha256(begin + length)
    digest.update(body)
    return b"".join([begin, digest.digest(), length, body])


def unpack(raw: bytes, name: str = "checkpoint") -> dict[str, Any]:
    """The tree in `raw`. Raises `CheckpointError` if a single bit is wrong; nothing is parsed before that is known."""
    return _unpacked(BytesIO(raw), len(raw), name)


def read(path: Path) -> dict[str, Any]:
    """The tree in the file. Raises `CheckpointError` if it is missing, no plain file, or damaged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CheckpointError(f"{path.name}: is no plain file")
            return _unpacked(file, status.st_size, path.name)
    except OSError as error:
        raise CheckpointError(f"{path.name}: cannot be read ({error.strerror})") from None


def _unpacked(file: BinaryIO, size: int, name: str) -> dict[str, Any]:
    begin = file.read(len(MAGIC) + 1)
    if begin[: len(MAGIC)] != MAGIC or len(begin) <= len(MAGIC):
        raise CheckpointError(f"{name}: is not a ganlab checkpoint")
    version = begin[-1]
    if version > VERSION:
        raise CheckpointError(f"{name}: has format {version}; this ganlab reads up to {VERSION}: upgrade it")
    wanted = file.read(32)
    if version == 1:  # its hash covers the body alone
        start, digest = START, hashlib.sha256()
    else:
        length = file.read(LENGTH)
        start, digest = START + LENGTH, hashlib.sha256(begin + length)
        if (told := int.from_bytes(length, "little")) != size - start:
            raise CheckpointError(f"{name}: is damaged or cut short ({size} bytes, and it should have {told + start})")
    while piece := file.read(PIECE):
        digest.update(piece)
    if digest.digest() != wanted or version == 0:
        raise CheckpointError(f"{name}: is damaged (its SHA-256 does not match)")
    file.seek(start)
    return _parsed(file, size - start, name)


def _parsed(file: BinaryIO, size: int, name: str) -> dict[str, Any]:
    """The tree in a body of `size` bytes whose hash is right, and which may still say anything."""
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > min(MOST_HEADER, size - 8):
        raise CheckpointError(f"{name}: declares a header of {length} bytes, more than it has or may have")
    header = file.read(length)
    try:
        tree = _tree(header, size - 8 - length)
        restored = _restored(tree, load(first + header + file.read()), 0)
    except Exception as error:  # json, safetensors and torch raise a dozen kinds for what nobody would write
        raise CheckpointError(f"{name}: cannot be read ({type(error).__name__}: {_line(error)})") from None
    if not isinstance(restored, dict):
        raise CheckpointError(f"{name}: holds no table")
    return restored


def _tree(header: bytes, size: int) -> Any:
    """The tree in a header, whose tensors must fill `size` bytes exactly. Raises `ValueError`, among others."""
    told = json.loads(header)
    text = told.pop("__metadata__")["tree"]
    if len(told) > MOST_TENSORS:
        raise ValueError(f"{len(told)} tensors, of at most {MOST_TENSORS}")
    if any(len(each["shape"]) > MOST_DIMENSIONS for each in told.values()):
        raise ValueError(f"a tensor of more than {MOST_DIMENSIONS} dimensions")
    end = max((each["data_offsets"][1] for each in told.values()), default=0)
    if end != size:
        raise ValueError(f"{end} bytes of tensors are declared, {size} are there")
    return json.loads(text)


def _plain(value: Any, path: str, tensors: dict[str, Tensor], level: int) -> Any:
    if level > MOST_LEVELS:
        raise TypeError(f"a checkpoint cannot hold {path[:80]}...: nested deeper than {MOST_LEVELS} levels")
    if isinstance(value, Tensor):
        key = path if path not in tensors else f"{path}#{len(tensors)}"
        tensors[key] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"$t": key}
    if isinstance(value, float):
        return {"$f": value.hex()}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        pairs = [
            [_plain(key, "", {}, level + 1), _plain(each, f"{path}/{key}", tensors, level + 1)]
            for key, each in value.items()
        ]
        return {"$d": pairs}
    if isinstance(value, list | tuple):
        items = [_plain(each, f"{path}/{number}", tensors, level + 1) for number, each in enumerate(value)]
        return items if isinstance(value, list) else {"$u": items}
    raise TypeError(f"a checkpoint cannot hold {path or 'a key'}: {type(value).__name__}")


def _restored(value: Any, tensors: Mapping[str, Tensor], level: int) -> Any:
    if level > MOST_LEVELS:
        raise ValueError(f"nested deeper than {MOST_LEVELS} levels")
    if isinstance(value, list):
        return [_restored(each, tensors, level + 1) for each in value]
    if not isinstance(value, dict):
        return value
    ((mark, content),) = value.items()
    if mark == "$t":
        return tensors[content]
    if mark == "$f":
        return float.fromhex(content)
    if mark == "$d":
        return {_restored(key, tensors, level + 1): _restored(each, tensors, level + 1) for key, each in content}
    if mark == "$u":
        return tuple(_restored(each, tensors, level + 1) for each in content)
    raise ValueError(f"unknown mark {mark}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
