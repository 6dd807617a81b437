"""The reader of digits: what it reads, that it is the same every time, and that it leaves no trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from ganlab import Field, cache
from ganlab.builtin.datasets.digits import HELD_OUT, read_digits
from ganlab.builtin.datasets.splitting import evenly
from ganlab.builtin.features import digits_cnn, reader
from ganlab.builtin.features.digits_cnn import DigitsCnn

GREY = Field("image", (1, 16, 16))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def accuracy(size: int, channels: int = 1) -> float:
    images, labels = read_digits(size)
    _, held_out = evenly(labels, HELD_OUT)
    network = DigitsCnn(Field("image", (channels, size, size)))
    said = network.probabilities(images[held_out].expand(-1, channels, -1, -1)).argmax(1)
    return float((said == labels[held_out]).float().mean())


@pytest.mark.parametrize("size", [8, 16, 32])
def test_it_reads_at_least_98_in_100_digits_that_it_was_not_trained_on(size: int) -> None:
    assert accuracy(size) >= 0.98
    assert accuracy(size, channels=3) >= 0.98


def test_it_reads_digits_of_odd_sizes_too() -> None:
    images, labels = read_digits(8)
    _, held_out = evenly(labels, HELD_OUT)
    large = torch.nn.functional.interpolate(images[held_out], (29, 21), mode="bilinear")
    said = DigitsCnn(Field("image", (1, 29, 21))).probabilities(large).argmax(1)
    assert float((said == labels[held_out]).float().mean()) >= 0.95


def test_trained_anew_with_other_threads_and_other_draws_it_is_the_same_to_the_bit(own_cache: Path) -> None:
    kept = DigitsCnn(GREY)
    threads = torch.get_num_threads()
    torch.manual_seed(7)
    draws = torch.random.get_rng_state()
    torch.set_num_threads(3)
    try:
        with torch.inference_mode():
            weights = reader.train()
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.random.get_rng_state(), draws)
    assert all(torch.equal(each, kept._weights[name]) for name, each in weights.items())
    assert not any(each.requires_grad for each in weights.values())


def test_it_is_trained_once_and_again_if_what_was_kept_is_damaged(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    weights = reader.drawn(torch.Generator().manual_seed(3))

    def train() -> reader.Weights:
        trained.append(1)
        return dict(weights)

    monkeypatch.setattr(reader, "train", train)
    first = DigitsCnn(GREY)
    (kept,) = own_cache.iterdir()
    assert DigitsCnn(GREY).fingerprint == first.fingerprint
    assert len(trained) == 1

    raw = bytearray(kept.read_bytes())
    raw[5000] ^= 1
    kept.write_bytes(raw)
    assert DigitsCnn(GREY).fingerprint == first.fingerprint
    assert len(trained) == 2

    cache.keep(kept.name.removesuffix(cache.ENDING), b"whole, and no network")
    assert DigitsCnn(GREY).fingerprint == first.fingerprint
    assert len(trained) == 3
    assert DigitsCnn(GREY).fingerprint == first.fingerprint
    assert len(trained) == 3


def test_without_a_place_to_keep_it_it_is_trained_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "file" / "cache"))
    weights = reader.drawn(torch.Generator().manual_seed(3))
    monkeypatch.setattr(reader, "train", lambda: dict(weights))
    assert torch.equal(digits_cnn.trained()["points"], weights["points"])
    assert os.listdir(tmp_path) == ["file"]
