"""Pairs of pictures, side by side or in two folders."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from ganlab import DataError


def every(source):
    return source.rows(torch.arange(len(source)), None)


def levels(pictures):
    return ((pictures + 1) * 127.5).round().long()


def pairs(dataset):
    """First pixels of (source, target) of all samples, by source."""
    rows = [every(part) for part in (dataset.train, dataset.held_out)]
    source, target = (torch.cat([levels(row[name])[:, 0, 0, 0] for row in rows]) for name in ("source", "target"))
    return sorted(zip(source.tolist(), target.tolist(), strict=True))


@pytest.fixture
def halves(save):
    for shade in range(10):
        picture = np.zeros((4, 6, 3), np.uint8)
        picture[:, :3] = shade
        picture[:, 3:] = 100 + shade
        save(f"{shade}.png", picture)


@pytest.fixture
def twins(save):
    for shade in range(10):
        save(f"A/{shade}.png", shade, size=(4, 3), mode="L")
        save(f"B/{shade}.bmp", (100 + shade,) * 3, size=(4, 3))


def test_a_file_is_cut_in_the_middle(make, tmp_path, halves):
    dataset = make("paired-folder", path=str(tmp_path))
    assert pairs(dataset) == [(shade, 100 + shade) for shade in range(10)]
    assert list(dataset.fields) == ["target", "source"]
    assert {field.shape for field in dataset.fields.values()} == {(3, 4, 3)}
    assert (levels(every(dataset.train)["source"]) < 10).all()


def test_the_direction_says_which_is_the_source(make, tmp_path, halves):
    assert pairs(make("paired-folder", path=str(tmp_path), direction="b-to-a"))[3] == (103, 3)


def test_two_folders_match_by_name_whatever_the_ending(make, tmp_path, twins):
    dataset = make("paired-folder", path=str(tmp_path), source_channels=1)
    assert pairs(dataset) == [(shade, 100 + shade) for shade in range(10)]
    assert dataset.fields["source"].shape == (1, 4, 3)
    assert dataset.fields["target"].shape == (3, 4, 3)


def test_source_channels_follow_the_direction(make, tmp_path, twins):
    dataset = make("paired-folder", path=str(tmp_path), direction="b-to-a", channels=1, source_channels=3)
    assert pairs(dataset)[0] == (100, 0)
    assert dataset.fields["source"].shape == (3, 4, 3)
    assert dataset.fields["target"].shape == (1, 4, 3)


def test_halves_may_have_different_channels(make, tmp_path, halves):
    dataset = make("paired-folder", path=str(tmp_path), source_channels=1)
    assert pairs(dataset)[4] == (4, 104)
    assert dataset.fields["source"].shape == (1, 4, 3)


@pytest.mark.parametrize("memory_mib", [0, 1024])
def test_windows_and_mirrors_move_both_together(make, save, tmp_path, draws, memory_mib):
    for seed in range(5):
        left = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        save(f"{seed}.png", np.concatenate([left, 255 - left], axis=1))
    dataset = make("paired-folder", path=str(tmp_path), crop=(4, 5), flip=True, memory_mib=memory_mib)
    order = torch.arange(32) % len(dataset.train)
    rows = dataset.train.rows(order, draws(32))
    assert rows["source"].shape == (32, 3, 4, 5)
    assert torch.equal(levels(rows["source"]), 255 - levels(rows["target"]))
    assert len({tuple(picture) for picture in rows["source"].flatten(1).tolist()}) > 20


def test_pictures_without_a_partner_are_named(make, save, tmp_path, twins):
    save("A/alone.png", 0)
    save("B/sub/lost.png", 0)
    save("C/elsewhere.png", 0)
    with pytest.raises(DataError) as caught:
        make("paired-folder", path=str(tmp_path))
    sentence = str(caught.value)
    assert "1 without a partner in B (A/alone.png)" in sentence
    assert "1 without a partner in A (B/sub/lost.png)" in sentence
    assert "1 neither in A nor in B (C/elsewhere.png)" in sentence


def test_two_files_that_differ_in_their_ending_are_named(make, save, tmp_path, twins):
    save("A/3.jpg", 0)
    with pytest.raises(DataError, match=r"1 named like another but for the ending \(A/3.png\)"):
        make("paired-folder", path=str(tmp_path))


def test_an_odd_width_is_no_pair(make, save, tmp_path, halves):
    save("odd.png", size=(4, 7))
    with pytest.raises(DataError, match=re.escape("1 of odd width, which are not two pictures side by side (odd.png)")):
        make("paired-folder", path=str(tmp_path))


def test_pictures_of_a_pair_may_differ_in_size_unless_they_share_a_window(make, save, tmp_path):
    for shade in range(3):
        save(f"A/{shade}.png", (shade, 0, 0), size=(2, 2))
        save(f"B/{shade}.png", (shade, 0, 0), size=(8, 8))
    fields = make("paired-folder", path=str(tmp_path)).fields
    assert (fields["source"].shape, fields["target"].shape) == ((3, 2, 2), (3, 8, 8))
    with pytest.raises(DataError, match=r"3 of 3 samples .* hold pictures of different sizes: 0, 1, 2"):
        make("paired-folder", path=str(tmp_path), crop=2)


def test_the_layout_is_taken_as_told(make, tmp_path, twins):
    with pytest.raises(DataError, match="odd width"):
        make("paired-folder", path=str(tmp_path), layout="halves")
