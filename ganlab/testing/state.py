"""Comparing what plugins answer and remember: trees of numbers, strings, lists, dicts and tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from ganlab.surroundings import kept

PLAIN = (bool, int, float, str, type(None), torch.Tensor)


def same(left: Any, right: Any) -> bool:
    """True if both trees are equal to the bit; NaN equals NaN."""
    if isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor):
        return left.shape == right.shape and left.dtype == right.dtype and torch.equal(bits(left), bits(right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return bool(left == right)


def bits(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor with NaN made comparable."""
    return torch.nan_to_num(tensor, nan=12345.0) if tensor.is_floating_point() else tensor


def check_plain(tree: Any, where: str = "state") -> None:
    """Raise AssertionError if the tree holds what a checkpoint cannot."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            assert isinstance(key, str), f"{where} has the key {key!r}; a checkpoint keeps strings only"
            check_plain(value, f"{where}.{key}")
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            check_plain(value, f"{where}.{index}")
    else:
        assert isinstance(tree, PLAIN), f"{where} is a {type(tree).__name__}; a checkpoint keeps numbers, text, tensors"


def check_taken_back(worn: Any, fresh: Any) -> None:
    """Raise AssertionError unless `fresh`, given the state of `worn`, has that state."""
    state = worn.state()
    check_plain(state)
    fresh.restore(state)
    assert same(fresh.state(), state), "restore(state) does not take back what state() returned"


@contextmanager
def leaving_all_as_it_was() -> Iterator[None]:
    """Raise AssertionError if, inside, a setting was changed that everybody in the process shares. Random numbers have
    tests of their own: a network may draw them, if it has dropout."""
    with kept() as changed:
        yield
    settings = [each for each in changed if not each.endswith("random numbers")]
    assert not settings, f"it changed {', '.join(settings)}, which others share"


def snapshot(networks: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of every weight and buffer."""
    return {
        name: {key: value.clone() for key, value in network.state_dict().items()} for name, network in networks.items()
    }
