"""Which samples are held out."""

from __future__ import annotations

import torch

from ganlab.builtin.datasets.splitting import by_content, evenly


def test_every_fifth_of_each_class_is_held_out():
    train, held_out = evenly(torch.tensor([0, 1] * 10), 0.2)
    assert held_out.tolist() == [8, 9, 18, 19]
    assert sorted([*train.tolist(), *held_out.tolist()]) == list(range(20))


def test_shares_that_binary_fractions_miss_are_exact():
    for count, share, expected in [(10, 0.1, 1), (30, 0.1, 3), (100, 0.29, 29), (9, 1 / 3, 3)]:
        assert len(evenly(torch.zeros(count, dtype=torch.int64), share)[1]) == expected


def test_files_with_the_smallest_digests_are_held_out():
    assert by_content([b"d", b"a", b"c", b"b"], 0.5) == ([0, 2], [1, 3])


def test_copies_stay_on_one_side():
    assert by_content([b"a", b"b", b"a", b"a"], 0.25) == ([1], [0, 2, 3])


def test_at_least_one_is_held_out():
    assert by_content([b"b", b"a"], 0.01) == ([0], [1])


def test_copies_leave_something_to_train_on_if_there_is_anything_else():
    assert by_content([b"b", b"a", b"b", b"b"], 0.5) == ([0, 2, 3], [1])
    assert by_content([b"a", b"a"], 0.5) == ([], [0, 1])
