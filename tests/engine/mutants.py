"""Trees of a checkpoint in which one thing is not what it was: as a bug, another version or an enemy might leave it."""

from __future__ import annotations

import math
import random
from typing import Any

import torch
from torch import Tensor

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3, 1000, 2**31, 2**53, 2**62, 2**63, 2**64, -(2**70), 10**30, 10**400),
    *(0.0, -0.0, 0.5, 1.5, -3.0, 1e300, 5e-324, math.nan, math.inf, -math.inf),
    *("", "3", "generator", "kind", "line\nfeed\x1b[2J", "\ud800", "x" * 100_000),
    *([], {}, (), [[]], [0.5], {"a": 1}, {1: {}}, {None: None}, [None, 0, None], {"kind": "Stop"}),
    *(torch.zeros(()), torch.zeros(3), torch.zeros(0), torch.zeros(2, 3), torch.tensor(math.nan), torch.tensor([1, 2])),
    *(torch.tensor(True), torch.zeros(2, dtype=torch.complex64), torch.zeros(5056, dtype=torch.uint8)),
)
"""What may stand in the place of anything."""


def copied(node: Any) -> Any:
    """The same tree, of which nothing is shared."""
    if isinstance(node, Tensor):
        return node.clone()
    if isinstance(node, list) and len(node) > 100:  # a row of numbers
        return list(node)
    if isinstance(node, dict):
        return {key: copied(each) for key, each in node.items()}
    return type(node)(map(copied, node)) if isinstance(node, list | tuple) else node


def mutant(tree: dict[str, Any], chance: random.Random) -> tuple[dict[str, Any], str]:
    """A copy of the tree with one thing changed, and what."""
    tree = copied(tree)
    parent: Any = tree
    key: Any = chance.choice(list(tree))
    where = [key]
    while isinstance(parent[key], dict | list) and parent[key] and chance.random() < 0.85:
        parent = parent[key]
        key = chance.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        where.append(key)
    how = chance.choice(HOW[:3] if not isinstance(parent[key], Tensor) else HOW)
    if how == "removed":
        del parent[key]
    elif how == "another value":
        parent[key] = copied(chance.choice(VALUES))
    elif how == "one more":
        added(parent[key] if isinstance(parent[key], dict | list) else parent, chance)
    else:
        parent[key] = changed(parent[key], chance)
    return tree, f"{'/'.join(map(str, where))}: {how}"


HOW = ("another value", "removed", "one more", "other numbers", "other numbers")


def added(node: Any, chance: random.Random) -> None:
    """Put one more entry into the table or list."""
    value = copied(chance.choice([*VALUES, *(node.values() if isinstance(node, dict) else node)]))
    if isinstance(node, dict):
        node[chance.choice(["more", "", 0, None, (1, "a"), "weight"])] = value
    else:
        node.insert(chance.randrange(len(node) + 1), value)


def changed(tensor: Tensor, chance: random.Random) -> Tensor:
    """The tensor with another shape, another kind of number, or other numbers."""
    how = chance.randrange(8)
    if how == 0:
        return chance.choice([tensor[None], tensor.reshape(-1), tensor.reshape(-1)[:-1], tensor.reshape(-1).repeat(2)])
    if how == 1:
        return tensor.to(
            chance.choice([torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.uint8])
        )
    if how == 2:
        return torch.randint(0, 256, tensor.shape, generator=torch.Generator().manual_seed(chance.randrange(99))).to(
            tensor.dtype
        )
    if how == 3:
        return tensor.flip(tuple(range(tensor.dim())))
    if how == 4:
        return torch.full_like(tensor, chance.choice([0, 1, 127]))
    value = chance.choice([-1.0, 1e30, -1e30, 0.0] + [math.nan, math.inf, -math.inf] * tensor.is_floating_point())
    if tensor.numel() and how < 7:
        flat = tensor.reshape(-1)
        flat[chance.randrange(len(flat))] = value if tensor.is_floating_point() else int(value) % 256
        return tensor
    return torch.full_like(tensor, value if tensor.is_floating_point() else int(value) % 256)
