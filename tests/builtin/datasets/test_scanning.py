"""The scan as such: it ends when it is told to, keeps what it has found, and is the same however many threads look."""

from __future__ import annotations

import logging
import signal
import threading
import time

import pytest
import torch

from ganlab.builtin.datasets import manifest, scanning
from ganlab.builtin.datasets.cutting import Whole
from ganlab.builtin.datasets.decoding import Decoding
from ganlab.builtin.datasets.folder import walk
from ganlab.builtin.datasets.keeping import BLOCK_BYTES, Keeper


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def scan(tmp_path):
    def scan(memory_bytes=0):
        return scanning.scan(tmp_path, walk(tmp_path).names, Whole(Decoding()), memory_bytes)

    return scan


@pytest.fixture
def many(save):
    for number in range(200):
        save(f"{number:03d}.png", (number, 0, 0))


class Ended(BaseException):
    """What a signal handler raises."""


def end(*_: object) -> None:
    raise Ended


def wait_for_readers() -> None:
    """They end by themselves, each with the file it has begun."""
    deadline = time.monotonic() + 5
    while any(each.name.startswith("ganlab-scan") for each in threading.enumerate()):
        assert time.monotonic() < deadline, "a reader goes on"
        time.sleep(0.01)


def test_a_signal_ends_a_scan_at_once(scan, many, monkeypatch):
    looked = []

    def slow(data):
        looked.append(len(data))
        time.sleep(1)
        raise AssertionError("nobody waits for this")

    monkeypatch.setattr(scanning, "open_picture", slow)
    monkeypatch.setattr(scanning, "READERS", 4)
    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    began = time.monotonic()
    try:
        with pytest.raises(Ended):
            scan()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 0.8
    wait_for_readers()
    assert len(looked) <= 4


def test_a_mistake_of_ours_in_a_thread_comes_out(scan, many, monkeypatch):
    def broken(data):
        raise ZeroDivisionError

    monkeypatch.setattr(scanning, "open_picture", broken)
    with pytest.raises(ZeroDivisionError):
        scan()


@pytest.mark.parametrize("readers", [1, 2, 7])
def test_the_order_does_not_depend_on_threads(scan, many, monkeypatch, readers):
    monkeypatch.setattr(scanning, "READERS", readers)
    monkeypatch.setattr(scanning, "AT_ONCE", 3)
    files = scan(1 << 20)
    assert [int(kept[0][0, 0, 0]) for kept in files.kept] == list(range(200))
    assert all(shapes == ((3, 4, 4),) for shapes in files.shapes)


@pytest.fixture
def clock(monkeypatch):
    """A second goes by for every file."""
    now = [0.0]
    monkeypatch.setattr(scanning, "monotonic", lambda: now.__setitem__(0, now[0] + 1) or now[0])
    return now


def test_a_long_scan_keeps_what_it_has_found_so_far(scan, many, monkeypatch, clock):
    monkeypatch.setattr(scanning, "SAVE_SECONDS", 40.0)
    saved, real = [], manifest.save

    def save(root, records):
        records = list(records)
        saved.append(len(records))
        real(root, records)
        if len(saved) == 3:
            raise Ended

    monkeypatch.setattr(manifest, "save", save)
    with pytest.raises(Ended):
        scan()
    wait_for_readers()
    assert 0 < saved[0] < saved[2] < 200
    opened, open_picture = [], scanning.open_picture
    monkeypatch.setattr(scanning, "open_picture", lambda data: opened.append(1) or open_picture(data))
    scan()
    assert len(opened) == 200 - saved[2]


def test_saving_takes_a_small_part_of_the_time(scan, many, monkeypatch, clock):
    monkeypatch.setattr(scanning, "SAVE_SECONDS", 5.0)
    saved = []

    def save(root, records):
        clock[0] += 10  # so that the next is due 200 seconds later, when the scan is over
        saved.append(clock[0])

    monkeypatch.setattr(manifest, "save", save)
    scan()
    assert len(saved) == 2
    assert saved[0] < 20


def test_a_long_scan_says_how_far_it_is(scan, many, monkeypatch, clock, caplog, tmp_path):
    monkeypatch.setattr(scanning, "TELL_SECONDS", 60.0)
    with caplog.at_level(logging.INFO, logger="ganlab"):
        scan()
    assert 3 <= len(caplog.records) <= 4
    assert caplog.records[0].getMessage().startswith(f"in '{tmp_path}' ")
    assert caplog.records[0].getMessage().endswith(" of 200 files are looked at")


def test_only_so_much_is_kept_as_was_allowed(scan, many):
    each = 3 * 4 * 4
    assert scan(200 * each).kept is not None
    assert scan(200 * each - 1).kept is None  # by the manifest
    assert scan(0).kept is None


def test_what_does_not_fit_is_noticed_without_a_manifest_too(scan, many):
    assert scan(200 * 48 - 1).kept is None


def test_kept_pictures_lie_in_blocks_that_go_back_one_by_one():
    keeper = Keeper(1 << 30)
    pictures = [torch.full((3, 100, 100), shade, dtype=torch.uint8) for shade in range(200)]
    kept = [keeper.keep((picture,))[0] for picture in pictures]
    assert all(torch.equal(one, other) for one, other in zip(kept, pictures, strict=True))
    blocks = {picture.untyped_storage().data_ptr() for picture in kept}
    assert len(blocks) == 1
    large = keeper.keep((torch.zeros(BLOCK_BYTES + 5, dtype=torch.uint8),))[0]
    assert large.untyped_storage().data_ptr() not in blocks


def test_what_is_left_out_is_told_once(make, save, tmp_path, caplog):
    for number in range(30):
        save(f"{number}.png", number)
        (tmp_path / f"{number}.gif").write_bytes(b"GIF89a")
    with caplog.at_level(logging.WARNING, logger="ganlab"):
        make("image-folder", path=str(tmp_path), max_bad=30)
    (record,) = caplog.records
    assert "30 samples are left out: 30 not a PNG" in record.getMessage()
    assert "and 27 more" in record.getMessage()
