"""The cache: what is kept comes back to the bit or not at all, it stays small, and no place for it is no harm."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ganlab import cache


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache directory that is not there yet."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_kept_comes_back_to_the_bit(place: Path) -> None:
    assert cache.fetch("thing") is None
    cache.keep("thing", bytes(range(256)))
    assert cache.fetch("thing") == bytes(range(256))
    cache.keep("thing", b"another")
    assert cache.fetch("thing") == b"another"
    assert [each.name for each in place.iterdir()] == ["thing.kept"]


def test_damage_anywhere_is_as_good_as_nothing(place: Path) -> None:
    cache.keep("thing", b"0123456789")
    whole = (place / "thing.kept").read_bytes()
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        (place / "thing.kept").write_bytes(damaged)
        assert cache.fetch("thing") is None
    for size in range(len(whole)):
        (place / "thing.kept").write_bytes(whole[:size])
        assert cache.fetch("thing") is None


def test_what_is_no_plain_file_is_not_waited_for(place: Path) -> None:
    place.mkdir()
    os.mkfifo(place / "pipe.kept")
    (place / "folder.kept").mkdir()
    cache.keep("real", b"there")
    (place / "link.kept").symlink_to(place / "real.kept")
    assert [cache.fetch(name) for name in ("pipe", "folder", "link")] == [None, None, None]


def test_without_a_place_nothing_is_kept_and_nothing_is_said(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    place.write_text("a file where the folder would be")
    cache.keep("thing", b"x")
    assert cache.fetch("thing") is None
    assert [each for each in caplog.records if each.levelname != "DEBUG"] == []


def test_the_oldest_go_when_all_would_be_too_large(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_BYTES", 500)
    monkeypatch.setattr(cache, "ENTRY_BYTES", 300)
    for age, name in ((30, "old"), (20, "middle"), (10, "new")):
        cache.keep(name, bytes(100))
        then = time.time() - age
        os.utime(place / f"{name}.kept", (then, then))
    cache.keep("large", bytes(250))
    assert {each.name for each in place.iterdir()} == {"new.kept", "large.kept"}
    cache.keep("too-large", bytes(301))
    assert cache.fetch("too-large") is None
