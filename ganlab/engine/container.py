"""The checkpoint's format: a tree of plain values and tensors in one file that knows when it is damaged.

    "GANLABCK" | version (1 byte) | SHA-256 of the body (32 bytes) | body: safetensors, with the tree as its metadata

Nothing in it can name code. A tensor stands in the tree as {"$t": key}, a float as {"$f": hex} (exact, NaN survives),
a dict as {"$d": [[key, value], ...]} (keys keep their type), a tuple as {"$u": [...]}.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from ganlab.errors import CheckpointError

MAGIC = b"GANLABCK"
VERSION = 1
HEAD = len(MAGIC) + 1 + 32
MAX_HEADER = 16 << 20


def pack(tree: Mapping[str, Any]) -> bytes:
    """The tree as bytes. Raises `TypeError` for a value of any other type than those above."""
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_plain(tree, "", tensors), separators=(",", ":"))
    body = save(tensors, {"tree": text})
    return b"".join([MAGIC, bytes([VERSION]), hashlib.sha256(body).digest(), body])


def unpack(raw: bytes, name: str = "checkpoint") -> dict[str, Any]:
    """The tree in `raw`. Raises `CheckpointError` if a single bit is wrong; nothing is parsed before that is known."""
    if raw[: len(MAGIC)] != MAGIC or len(raw) < HEAD + 8:
        raise CheckpointError(f"{name}: is not a ganlab checkpoint")
    version = raw[len(MAGIC)]
    if version > VERSION:
        raise CheckpointError(f"{name}: has format {version}; this ganlab reads up to {VERSION}: upgrade it")
    body = raw[HEAD:]
    if hashlib.sha256(body).digest() != raw[len(MAGIC) + 1 : HEAD]:
        raise CheckpointError(f"{name}: is damaged (its SHA-256 does not match)")
    length = int.from_bytes(body[:8], "little")
    if length > min(MAX_HEADER, len(body) - 8):
        raise CheckpointError(f"{name}: declares a header of {length} bytes, more than it has")
    try:
        tree = json.loads(json.loads(body[8 : 8 + length])["__metadata__"]["tree"])
        restored = _restored(tree, load(body))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{name}: cannot be read ({type(error).__name__})") from None
    except Exception as error:  # safetensors raises its own kind, which it does not export
        raise CheckpointError(f"{name}: cannot be read ({error})") from None
    assert isinstance(restored, dict)
    return restored


def read(path: Path) -> dict[str, Any]:
    """The tree in the file. Raises `CheckpointError` if it is missing, no plain file, or damaged."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CheckpointError(f"{path.name}: is no plain file")
            raw = file.read()
    except OSError as error:
        raise CheckpointError(f"{path.name}: cannot be read ({error.strerror})") from None
    return unpack(raw, path.name)


def _plain(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[path] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"$t": path}
    if isinstance(value, float):
        return {"$f": value.hex()}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        pairs = [[_plain(key, "", {}), _plain(each, f"{path}/{key}", tensors)] for key, each in value.items()]
        return {"$d": pairs}
    if isinstance(value, list | tuple):
        items = [_plain(each, f"{path}/{number}", tensors) for number, each in enumerate(value)]
        return items if isinstance(value, list) else {"$u": items}
    raise TypeError(f"a checkpoint cannot hold {path or 'a key'}: {type(value).__name__}")


def _restored(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_restored(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    ((mark, content),) = value.items()
    if mark == "$t":
        return tensors[content]
    if mark == "$f":
        return float.fromhex(content)
    if mark == "$d":
        return {_restored(key, tensors): _restored(each, tensors) for key, each in content}
    if mark == "$u":
        return tuple(_restored(each, tensors) for each in content)
    raise ValueError(f"unknown mark {mark}")
