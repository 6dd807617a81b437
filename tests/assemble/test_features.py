"""Points of real samples are kept on disk if they took long, and nothing that is found there can be out of date."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import Features, Field, RecipeError, cache
from ganlab.assemble import features
from ganlab.assemble.features import FeatureNetworks, Remembering
from ganlab.recipe import Component

FIELD = Field("image", (1, 8, 8))
DATA = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))


class Slow(Features):
    """Takes its time, and counts how often it was asked."""

    def __init__(self, fingerprint: str | None = "a", factor: float = 1.0) -> None:
        self.name = "slow-v1"
        self.fingerprint = fingerprint
        self.factor = factor
        self.asked = 0

    def embed(self, data: Tensor) -> Tensor:
        self.asked += 1
        time.sleep(0.01)
        return self.factor * data.flatten(1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, where a hundredth of a second is worth keeping."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(features, "WORTH_KEEPING", 0.005)
    return tmp_path / "cache"


def test_real_samples_are_embedded_once_and_found_by_the_next_process(place: Path) -> None:
    first = Slow()
    points = Remembering(first).embed_real(DATA)
    other = Slow()
    found = Remembering(other).embed_real(DATA.clone())
    assert (first.asked, other.asked) == (1, 0)
    assert torch.equal(found, points)
    found += 1  # whoever writes on them writes on a copy of their own
    assert torch.equal(Remembering(other).embed_real(DATA), points)


def test_other_samples_other_weights_and_other_threads_are_other_entries(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Remembering(Slow()).embed_real(DATA)
    changed = DATA.clone()
    changed[4, 0, 7, 7] += 1e-7
    for network, data in ((Slow(), changed), (Slow(), DATA[:4]), (Slow("b", 2.0), DATA), (Slow(), DATA.double())):
        assert torch.equal(Remembering(network).embed_real(data), network.factor * data.flatten(1))
        assert network.asked == 1
    network = Slow()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    Remembering(network).embed_real(DATA)
    assert network.asked == 1


def test_fakes_and_what_is_fast_are_not_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Slow()
    Remembering(network).embed(DATA)
    monkeypatch.setattr(features, "WORTH_KEEPING", 60.0)
    Remembering(network).embed_real(DATA)
    assert network.asked == 2
    assert not place.exists()


@pytest.mark.parametrize("spoilt", [b"", b"no safetensors", None], ids=["empty", "other", "flipped"])
def test_a_spoilt_entry_is_computed_again_in_silence(
    spoilt: bytes | None, place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    points = Remembering(Slow()).embed_real(DATA)
    (entry,) = place.iterdir()
    if spoilt is None:
        raw = bytearray(entry.read_bytes())
        raw[-1] ^= 1
        entry.write_bytes(raw)
    else:
        cache.keep(entry.name.removesuffix(cache.ENDING), spoilt)
    network = Slow()
    assert torch.equal(Remembering(network).embed_real(DATA), points)
    assert network.asked == 1
    assert not caplog.records
    Remembering(network).embed_real(DATA)
    assert network.asked == 1


def test_a_cache_that_cannot_be_written_is_no_cache(place: Path) -> None:
    place.write_text("no folder")
    network = Slow()
    for _ in range(2):
        assert torch.equal(Remembering(network).embed_real(DATA), DATA.flatten(1))
    assert network.asked == 2


class Maker:
    """Makes a network without a fingerprint, or one with; draws while it does."""

    def create(self, kind: str, component: Component, *context: Any) -> Any:
        torch.rand(3)
        if component.name == "none":
            raise RecipeError("cannot be")
        return Slow(component.options.get("fingerprint"))


def test_a_network_is_made_once_and_only_one_with_a_fingerprint_is_remembered() -> None:
    networks = FeatureNetworks(Maker())
    draws = torch.random.get_rng_state()
    plain, marked = networks.find("slow", FIELD), networks.find({"name": "slow", "fingerprint": "f"}, FIELD)
    assert type(plain) is Slow
    assert type(marked) is Remembering
    assert networks.find("slow", FIELD) is plain
    assert networks.find("slow", Field("image", (3, 8, 8))) is not plain
    assert torch.equal(torch.random.get_rng_state(), draws)
    assert [each.name for each in networks.made()] == ["slow-v1"] * 3
