"""Which tensors are found in what a stranger has built, and which are not taken."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganlab.foreign import Refused
from ganlab.foreign.tree import NoSuchKey, picked, tensors_of

PLENTY = 1 << 20


def endless() -> list[Any]:
    """A list that holds itself."""
    items: list[Any] = []
    items.append(items)
    return items


def test_tensors_are_found_by_dotted_name_in_the_order_in_which_they_stand() -> None:
    tree = {"b": [torch.ones(1), {"x": torch.ones(2)}], 7: torch.ones(3), "a": (torch.ones(4), "text")}
    found, left_out = tensors_of(tree, PLENTY)
    assert {name: len(each) for name, each in found.items()} == {"b.0": 1, "b.1.x": 2, "7": 3, "a.0": 4}
    assert list(found) == ["b.0", "b.1.x", "7", "a.0"]
    assert left_out == ["a.1 (str)"]


def test_a_tensor_alone_is_called_tensor() -> None:
    assert list(tensors_of(torch.ones(2), PLENTY)[0]) == ["tensor"]


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(4, 5).t(),
        torch.ones(4, 5, 6).permute(2, 0, 1)[1:],
        torch.ones(10)[::3],
        torch.ones(1).expand(1, 1),
        torch.zeros(0, 5),
        torch.tensor(3.0),
        torch.nn.Parameter(torch.ones(2, 2)),
    ],
)
def test_tensors_whose_numbers_each_have_a_place_are_taken(value: torch.Tensor) -> None:
    assert torch.equal(tensors_of({"w": value}, PLENTY)[0]["w"], value)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"w": torch.ones(3).expand(2, 3)}, "share fewer places"),
        ({"w": torch.ones(5).as_strided((4, 2), (1, 1))}, "share fewer places"),
        ({"w": torch.ones(2, 2).to_sparse()}, "no dense tensor"),
        ({"w": torch.ones(2, device="meta")}, "on meta"),
        ({"w": torch.ones(2, dtype=torch.complex64)}, "torch.complex64"),
        ({"w": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)}, "torch.quint8"),
        ({"w": torch.ones([1] * 9)}, "more than 8 dimensions"),
        ({"a.b": torch.ones(1), "a": {"b": torch.ones(2)}}, "two tensors called 'a.b'"),
        ({"w" * 2000: torch.ones(1)}, "too long"),
        ({"__metadata__": torch.ones(1)}, "cannot be kept"),
        ({"\ud800": torch.ones(1)}, "no text"),
        ({(1, 2): torch.ones(1)}, "has a tuple as a key"),
        ({str(number): torch.ones(PLENTY // 8).view(2, -1) for number in range(3)}, "the same numbers so many names"),
        (endless(), "deeper than 32 levels"),
        ({"x": [[]] * 300_000}, "more than 262144 values"),
        ({"step": 3}, r"holds no tensor, only step \(int\)"),
        ({}, "holds no tensor"),
    ],
)
def test_everything_else_is_refused(tree: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        tensors_of(tree, PLENTY)


def test_a_key_goes_through_dicts_and_lists_and_names_with_dots() -> None:
    tree = {"a": {"b.c": [{"d": 1}]}, "a.b": {"x": 2}}
    assert picked(tree, "a.b.c.0.d") == 1
    assert picked(tree, "a.b.x") == 2
    assert picked(tree, "") is tree
    with pytest.raises(NoSuchKey, match=r"a, a\.b"):
        picked(tree, "a.b.y")
    with pytest.raises(NoSuchKey, match="nothing by name"):
        picked(3, "a")
