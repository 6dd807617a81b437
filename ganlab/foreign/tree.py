"""The tensors in what a .pt file unpickles to: dicts and lists, one inside the other, that a stranger has built.

A few bytes of pickle can make a list of 2^26 leaves, a tensor of 10^12 numbers or one that crashes who uses it. So
the walk has an end, and of a tensor nothing is used but its description until that is known to be ordinary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ganlab.foreign import Refused
from ganlab.foreign.header import MOST_DIMENSIONS, MOST_LETTERS, MOST_TENSORS

MOST_VALUES = 262_144
MOST_LEVELS = 32
SHOWN = 20

KINDS = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.uint16: "U16",
    torch.int16: "I16",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.uint32: "U32",
    torch.int32: "I32",
    torch.float32: "F32",
    torch.uint64: "U64",
    torch.int64: "I64",
    torch.float64: "F64",
}
"""Kinds of number that are taken, and what safetensors calls them."""


class NoSuchKey(Exception):
    """There is nothing at the key that was asked for; the message says what there is."""


def picked(tree: Any, key: str) -> Any:
    """What is at the dotted `key`, all if it is empty; names may hold dots themselves. Raises `NoSuchKey`."""
    if not key:
        return tree
    waiting = [(tree, key)]
    while waiting:
        value, rest = waiting.pop()
        if not rest:
            return value
        names = _named(value)
        ends = [place for place, letter in enumerate(rest) if letter == "."][:MOST_LEVELS]
        waiting += [(names[rest[:end]], rest[end + 1 :]) for end in [*ends, len(rest)] if rest[:end] in names]
    known = [name[:80] for name in _named(tree)]
    raise NoSuchKey((", ".join(known[:SHOWN]) or "nothing by name") + (", ..." if len(known) > SHOWN else ""))


def tensors_of(tree: Any, most_bytes: int) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors in a tree by dotted name, in order, and what else is there. Raises `Refused`."""
    found: dict[str, Tensor] = {}
    left_out: list[str] = []
    total = 0
    for name, value in _leaves(tree):
        if not isinstance(value, Tensor):
            left_out.append(f"{name[:80] or 'all'} ({type(value).__name__})")
            continue
        if name in found:
            raise Refused(f"holds two tensors called '{name[:80]}'")
        found[name or "tensor"] = _ordinary(name, value)
        total += value.numel() * value.element_size()
        if len(found) > MOST_TENSORS:
            raise Refused(f"holds more than {MOST_TENSORS} tensors")
        if total > most_bytes:
            raise Refused(f"gives the same numbers so many names that there would be more than {most_bytes} bytes")
    if not found:
        raise Refused("holds no tensor" + (f", only {', '.join(left_out[:5])}" if left_out else ""))
    return found, left_out


def _named(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(name): each for name, each in value.items() if isinstance(name, str | int)}
    if isinstance(value, list | tuple):
        return {str(number): each for number, each in enumerate(value[:MOST_VALUES])}
    return {}


def _leaves(tree: Any) -> Iterator[tuple[str, Any]]:
    """What stands in a tree of dicts and lists, by dotted name. Raises `Refused` for one that is too deep or wide."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), tree)]
    seen = 0
    while waiting:
        path, value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            for key in value:
                _check_key(key)
        elif not isinstance(value, list | tuple):
            yield ".".join(path), value
            continue
        items = _named(value)
        if len(path) >= MOST_LEVELS or seen + len(waiting) + len(items) > MOST_VALUES:
            raise Refused(f"is nested deeper than {MOST_LEVELS} levels, or holds more than {MOST_VALUES} values")
        waiting += reversed([((*path, name), each) for name, each in items.items()])


def _check_key(key: Any) -> None:
    if not isinstance(key, str | int):
        raise Refused(f"has a {type(key).__name__} as a key; expected names and numbers")
    name = str(key)
    if not name or len(name) > MOST_LETTERS or any("\ud800" <= letter <= "\udfff" for letter in name):
        raise Refused("has a key that is empty, too long or no text")


def _ordinary(name: str, value: Tensor) -> Tensor:
    """The tensor, if it is dense and each of its numbers has a place of its own. Raises `Refused`."""
    told = f"holds '{name[:80]}'"
    if type(value) not in (Tensor, torch.nn.Parameter) or value.layout is not torch.strided:
        raise Refused(f"{told}, which is no dense tensor ({type(value).__name__}, {value.layout})")
    if value.device.type != "cpu" or value.is_quantized or value.dtype not in KINDS:
        raise Refused(f"{told}, {value.dtype} on {value.device.type}; expected real numbers or integers on the CPU")
    if value.dim() > MOST_DIMENSIONS or len(name) > MOST_LETTERS or name == "__metadata__":
        raise Refused(f"{told}, which has more than {MOST_DIMENSIONS} dimensions or a name that cannot be kept")
    steps = sorted((step, many) for many, step in zip(value.shape, value.stride(), strict=True) if many > 1)
    reach = 1
    for step, many in steps if value.numel() else []:
        if step < reach:
            raise Refused(f"{told}, whose {value.numel()} numbers share fewer places")
        reach += step * (many - 1)
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise Refused(f"{told}, which is larger than what is stored of it")
    return value.detach().resolve_neg()
