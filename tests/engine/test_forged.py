"""Somebody wrote a file and computed its hash: what it declares is believed only where it can be held against the file.

The hash proves that a file is as it was written. It does not prove who wrote it.
"""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
import safetensors.torch
import torch

from ganlab import CheckpointError
from ganlab.engine import container
from ganlab.engine.container import MOST_HEADER, MOST_TENSORS, NewerFormat
from ganlab.engine.tree import MOST_BRACKETS, MOST_LEVELS
from tests.engine.forging import CURIOSITIES, FORGERIES, GOOD, sealed, tensor, with_tree

SECONDS = 5.0
"""No file of a few megabytes may take longer, on however busy a machine."""


@pytest.mark.parametrize("name", FORGERIES)
def test_what_nobody_would_write_is_refused(name: str) -> None:
    began = time.process_time()
    with pytest.raises(CheckpointError) as caught:
        container.unpack(FORGERIES[name])
    assert time.process_time() - began < SECONDS
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", CURIOSITIES)
def test_what_is_strange_and_harmless_is_a_table(name: str) -> None:
    assert isinstance(container.unpack(CURIOSITIES[name]), dict)


def test_thousands_of_headers_edited_by_chance_are_refused_or_are_tables() -> None:
    header = json.dumps(
        with_tree(
            json.dumps(
                {"$d": [["a", {"$t": "/a"}], [3, {"$u": [1, {"$f": "0x1.8p+1"}]}], ["b", [{"$t": "/b"}, None]]]}
            ),
            **{"/a": tensor([2, 3], 0, 24), "/b": tensor([4], 24, 28, "U8")},
        )
    ).encode()
    container.unpack(sealed(header, bytes(28)))
    words = [
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"\\",
        b"0",
        b"9",
        b"-1",
        b"1e9",
        b"null",
        b"$t",
        b"$d",
        b"F64",
        b"/a",
    ]
    chance = random.Random(0)
    refused = 0
    for _ in range(5000):
        edited = bytearray(header)
        for _ in range(1 + chance.randrange(3)):
            place = chance.randrange(len(edited))
            edited[place : place + chance.randrange(4)] = chance.choice([*words, chance.randbytes(1)])
        try:
            assert isinstance(container.unpack(sealed(bytes(edited), bytes(28))), dict)
        except CheckpointError:
            refused += 1
    assert 3000 < refused < 5000


def test_a_newer_format_asks_for_a_newer_ganlab() -> None:
    with pytest.raises(NewerFormat, match="format 3 and needs a newer ganlab, this one reads up to 2"):
        container.unpack(sealed(GOOD, bytes(8), version=3))
    raw = bytearray(container.pack({"a": 1}))
    raw[len(container.MAGIC)] = 200
    with pytest.raises(CheckpointError, match=r"format 200 and needs a newer ganlab.* or it is damaged") as caught:
        container.unpack(bytes(raw))
    assert not isinstance(caught.value, NewerFormat)


def test_an_independent_reader_finds_the_same_tensors() -> None:
    kinds = [
        each for each in container.KINDS if each.is_floating_point or each in (torch.int64, torch.uint8, torch.bool)
    ]
    tensors = {str(kind): torch.arange(7).reshape(7, 1).expand(7, 2)[1:].to(kind) for kind in kinds}
    body = container.pack(tensors)[container.START + container.LENGTH :]
    found = safetensors.torch.load(body)
    for name, each in tensors.items():
        kept = found[f"/{name}"]
        assert kept.dtype == each.dtype
        assert torch.equal(kept.float(), each.float())


@pytest.mark.parametrize("kind", list(container.KINDS))
def test_every_kind_of_number_comes_back_with_every_bit(kind: torch.dtype) -> None:
    bits = torch.randint(0, 256, (6 * kind.itemsize,), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    value = (bits % 2).bool() if kind is torch.bool else bits.view(kind)
    for each in (value.reshape(2, 3), value.reshape(2, 3).T, value[:0], value[0]):
        back = container.unpack(container.pack({"a": each}))["a"]
        assert (back.dtype, back.shape) == (each.dtype, each.shape)
        assert torch.equal(back.reshape(-1).view(torch.uint8), each.reshape(-1).contiguous().view(torch.uint8))


def deep(levels: int) -> Any:
    return [] if levels == 0 else [deep(levels - 1)]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        1j,
        {torch.zeros(1): 1},
        {frozenset(): 1},
        {(1, object()): 1},
        deep(MOST_LEVELS + 1),
        torch.zeros(2, 2).to_sparse(),
        torch.zeros((1,) * 9),
        torch.zeros(1, dtype=torch.complex128),
        "x" * MOST_HEADER,
        [[]] * (MOST_BRACKETS + 1),
        [torch.zeros(0)] * (MOST_TENSORS + 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_come_back_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match="a checkpoint cannot hold"):
        container.pack({"part": value})


@pytest.mark.parametrize(
    "tree",
    [
        {"a": {"b": torch.zeros(1)}, "a/b": torch.ones(1)},
        {"a/b#2": torch.zeros(1), "a/b": torch.ones(1), "a": {"b": torch.full((1,), 2.0)}},
        {1: torch.zeros(1), "1": torch.ones(1), (1, "a"): 3, None: 4, 2.5: 5, True + 1: 6},
        {"\ud800": torch.zeros(1), "\n\0\x1b": "\ud800", "": {"": torch.ones(1)}},
        {"a": deep(MOST_LEVELS - 2), "big": 2**200, "list": [True, 1, 1.0, None, (), [()], {}]},
    ],
)
def test_names_that_collide_and_values_at_the_limit_come_back(tree: Any) -> None:
    assert same(container.unpack(container.pack(tree)), tree)


def same(left: Any, right: Any) -> bool:
    """True if both are the same to the type."""
    if type(left) is not type(right):
        return False
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
