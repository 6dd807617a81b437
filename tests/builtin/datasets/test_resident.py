"""Samples in memory, and how training pictures move."""

from __future__ import annotations

import torch

from ganlab.builtin.datasets.movement import Movement
from ganlab.builtin.datasets.resident import InMemory, fingerprint


def numbered(count: int, height: int, width: int) -> torch.Tensor:
    """Pictures whose pixels tell where they come from: 16 x row + column, one channel."""
    place = 16 * torch.arange(height)[:, None] + torch.arange(width)
    return place.to(torch.uint8).expand(count, 1, height, width).clone()


def levels(pictures: torch.Tensor) -> torch.Tensor:
    return ((pictures + 1) * 127.5).round().long()


def test_bytes_become_numbers_between_minus_one_and_one():
    rows = InMemory({"image": torch.tensor([[0], [51], [255]], dtype=torch.uint8)}).rows(torch.tensor([2, 0, 1]), None)
    assert rows["image"].tolist() == [[1.0], [-1.0], [torch.tensor(51 / 127.5 - 1).item()]]


def test_what_is_not_bytes_is_handed_out_as_it_is():
    source = InMemory({"point": torch.tensor([[1.5], [2.5]]), "label": torch.tensor([7, 8])})
    rows = source.rows(torch.tensor([1]), None)
    assert rows["point"].tolist() == [[2.5]]
    assert rows["label"].tolist() == [8]
    assert source.nbytes() == 2 * 4 + 2 * 8


def test_rows_are_copies():
    source = InMemory({"image": torch.zeros(2, 1, dtype=torch.float32)})
    source.rows(torch.tensor([0]), None)["image"].fill_(9)
    assert source.rows(torch.tensor([0]), None)["image"].tolist() == [[0.0]]


def test_without_draws_the_window_is_the_middle_one_and_nothing_is_mirrored():
    source = InMemory({"image": numbered(1, 6, 8)}, Movement(crop=(2, 4), flip=True), ("image",))
    assert levels(source.rows(torch.tensor([0]), None)["image"]).tolist() == [[[[34, 35, 36, 37], [50, 51, 52, 53]]]]


def test_every_window_and_both_sides_come_up_equally_often(draws):
    source = InMemory({"image": numbered(1, 3, 4)}, Movement(crop=(2, 3), flip=True), ("image",))
    taken = levels(source.rows(torch.zeros(8000, dtype=torch.int64), draws(8000))["image"])[:, 0]
    mirrored = taken[:, 0, 0] > taken[:, 0, 2]
    upright = torch.where(mirrored[:, None, None], taken.flip(2), taken)
    assert torch.equal(upright - upright[:, :1, :1], torch.tensor([[0, 1, 2], [16, 17, 18]]).expand(8000, 2, 3))
    kinds = upright[:, 0, 0] * 2 + mirrored
    # Two rows x two columns x two sides: 1,000 each, standard deviation 29.6.
    assert kinds.unique().tolist() == [0, 1, 2, 3, 32, 33, 34, 35]
    assert ((kinds.unique(return_counts=True)[1] - 1000).abs() < 120).all()


def test_pictures_of_one_sample_move_together(draws):
    pair = {"source": numbered(1, 8, 8), "target": 255 - numbered(1, 8, 8)}
    source = InMemory(pair, Movement(crop=(4, 4), flip=True), ("source", "target"))
    rows = source.rows(torch.zeros(64, dtype=torch.int64), draws(64))
    assert torch.equal(levels(rows["source"]), 255 - levels(rows["target"]))
    assert len({tuple(picture) for picture in rows["source"].flatten(1).tolist()}) > 20


def test_the_same_draws_give_the_same_rows(draws):
    source = InMemory({"image": numbered(1, 8, 8)}, Movement(crop=(4, 4), flip=True), ("image",))
    first, again = (source.rows(torch.zeros(16, dtype=torch.int64), draws(16))["image"] for _ in range(2))
    assert torch.equal(first, again)


def test_the_fingerprint_sees_values_shapes_and_names():
    base = torch.arange(4)
    prints = {
        fingerprint({"a": base}),
        fingerprint({"b": base}),
        fingerprint({"a": base.view(2, 2)}),
        fingerprint({"a": base.flip(0)}),
        fingerprint({"a": base.float()}),
        fingerprint({"a": base[:2]}, {"a": base[2:]}),
    }
    assert len(prints) == 6
    assert fingerprint({"a": base}) == fingerprint({"a": torch.arange(4)})
