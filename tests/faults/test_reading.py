"""Batches that are read by a thread: one that cannot be read, comes late, or never comes, and what is said of it."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import DataError, Field, Random
from ganlab.deadline import DEADLINE
from ganlab.engine import reader
from ganlab.engine.device import Place
from ganlab.engine.stream import BatchStream
from tests.engine.toys import ToySource

COUNT = 24


class Disk(ToySource):
    """Sample i holds the number i. `before` is called with the samples that are about to be read."""

    def __init__(self, before: Callable[[list[int]], None] = lambda indices: None) -> None:
        super().__init__({"index": Field("category", (), COUNT)}, COUNT, 0)
        self.tensors["index"] = torch.arange(COUNT)
        self.resident = False
        self._before = before

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        self._before(indices.tolist())
        return super().rows(indices, random)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def opened() -> Iterator[Callable[..., BatchStream]]:
    streams = []

    def opened(before: Callable[[list[int]], None] = lambda indices: None) -> BatchStream:
        streams.append(BatchStream("photos", Disk(before), 4, 0, Place(torch.device("cpu"))))
        return streams[-1]

    yield opened
    for stream in streams:
        stream.close()


def shown(stream: BatchStream, batches: int) -> list[int]:
    return [int(each) for _ in range(batches) for each in stream.take()["index"]]


def test_what_fails_twice_is_read_again_at_the_same_place(
    opened: Callable[..., BatchStream], caplog: pytest.LogCaptureFixture
) -> None:
    failures = [OSError(errno.EIO, "the disk sleeps"), ConnectionError("gone")]

    def fail(indices: list[int]) -> None:
        if 7 in indices and failures:
            raise failures.pop()

    assert shown(opened(fail), 12) == shown(opened(), 12)
    assert failures == []
    assert [each.message for each in caplog.records] == [
        "dataset 'photos': ConnectionError: gone; read again (1)",
        "dataset 'photos': OSError: [Errno 5] the disk sleeps; read again (2)",
    ]


def test_a_sample_that_cannot_be_read_is_named(opened: Callable[..., BatchStream]) -> None:
    def fail(indices: list[int]) -> None:
        if 7 in indices:
            raise ValueError("no\npicture")

    with pytest.raises(DataError) as told:
        shown(opened(fail), 6)
    assert str(told.value) == (
        "dataset 'photos': sample 7 cannot be read (ValueError: no picture), tried 3 times; "
        "mend or remove it, then resume"
    )


def test_samples_that_cannot_be_read_together_are_listed(opened: Callable[..., BatchStream]) -> None:
    def fail(indices: list[int]) -> None:
        if len(indices) > 1:
            raise ValueError("too many")

    with pytest.raises(DataError, match=r"photos': one of samples \d+, \d+, \d+, \d+ cannot be read"):
        opened(fail).take()


@pytest.mark.parametrize(
    "error",
    [
        DataError("'a.png' has changed since the run began; start again"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        OSError(errno.EMFILE, "Too many open files"),
    ],
    ids=["a sentence of its own", "no memory", "none for torch", "too many files"],
)
def test_what_says_all_or_is_not_the_samples_fault_comes_as_it_is(
    opened: Callable[..., BatchStream], error: Exception
) -> None:
    def fail(indices: list[int]) -> None:
        raise error

    with pytest.raises(type(error)) as told:
        opened(fail).take()
    assert told.value is error


def test_a_batch_that_never_comes_is_given_up_and_nobody_waits_for_its_thread(
    opened: Callable[..., BatchStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "READ_SECONDS", 0.3)
    monkeypatch.setattr(reader, "CLOSE_SECONDS", 0.2)
    monkeypatch.setattr(DEADLINE, "left_behind", [])
    answered = threading.Event()
    stream = opened(lambda indices: answered.wait(60) and None)
    began = time.monotonic()
    with pytest.raises(DataError, match=r"'photos': samples .* were not read in 0\.3 seconds"):
        stream.take()
    stream.close()
    assert time.monotonic() - began < 5
    (left,) = DEADLINE.left_behind
    assert left.is_alive()
    assert left.daemon, "Python would wait for it at its end"
    answered.set()
    left.join(5)
    assert not left.is_alive()
