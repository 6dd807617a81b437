"""Streams and randomness: what comes when is a function of the seed and the place, however the batch is split."""

from __future__ import annotations

import pytest
import torch

from ganlab import DataError, Field
from ganlab.engine.device import Place
from ganlab.engine.random import Stream, seed_for
from ganlab.engine.stream import BatchStream
from tests.engine.toys import ToySource

CPU = Place(torch.device("cpu"))
FIELDS = {"index": Field("category", (), 10**9)}


class Numbered(ToySource):
    """Sample i holds the number i."""

    def __init__(self, count: int, resident: bool = True) -> None:
        super().__init__(FIELDS, count, 0)
        self.tensors["index"] = torch.arange(count)
        self.resident = resident


def numbers(stream: BatchStream, batches: int) -> list[int]:
    return [int(each) for _ in range(batches) for each in stream.take()["index"]]


@pytest.mark.parametrize("resident", [True, False])
def test_an_epoch_shows_every_sample_once_and_the_next_in_another_order(resident: bool) -> None:
    stream = BatchStream("", Numbered(12, resident), 4, 0, CPU)
    first, second = numbers(stream, 3), numbers(stream, 3)
    stream.close()
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


def test_batches_are_full_where_the_epoch_does_not_divide() -> None:
    stream = BatchStream("", Numbered(10), 4, 0, CPU)
    shown = numbers(stream, 5)
    assert len(shown) == 20
    assert sorted(shown[:10]) == sorted(shown[10:]) == list(range(10))


@pytest.mark.parametrize("resident", [True, False])
def test_a_stream_goes_on_from_a_position(resident: bool) -> None:
    straight = BatchStream("", Numbered(10), 4, 3, CPU)
    shown = numbers(straight, 6)
    moved = BatchStream("", Numbered(10, resident), 4, 3, CPU)
    moved.take()
    moved.move_to(12)
    assert numbers(moved, 3) == shown[12:]
    moved.close()


def test_processes_share_a_batch_without_overlap() -> None:
    whole = numbers(BatchStream("", Numbered(10), 4, 0, CPU), 4)
    halves = [BatchStream("", Numbered(10), 4, 0, CPU, rank=rank, world_size=2) for rank in (0, 1)]
    together = [each for _ in range(4) for half in halves for each in numbers(half, 1)]
    assert together == whole


def test_a_batch_larger_than_the_dataset_is_refused() -> None:
    with pytest.raises(DataError, match="10 training samples, fewer than batch_size = 11"):
        BatchStream("few", Numbered(10), 11, 0, CPU)


def test_purposes_and_seeds_do_not_share_numbers() -> None:
    assert len({seed_for(seed, purpose) for seed in range(20) for purpose in ("a", "b", "a/b")}) == 60


def test_rows_of_a_split_batch_draw_what_the_whole_draws() -> None:
    stream = Stream(0, "draw", torch.device("cpu"))
    whole = stream.at(7, 6)
    parts = [stream.at(7, 2, 6, first) for first in (0, 2, 4)]
    for name, arguments in (("normal", (3,)), ("uniform", ()), ("integers", (100, 2))):
        drawn = getattr(whole, name)(*arguments)
        assert torch.equal(drawn, torch.cat([getattr(part, name)(*arguments) for part in parts]))


def test_places_draw_apart_and_again_alike() -> None:
    stream = Stream(0, "draw", torch.device("cpu"))
    assert torch.equal(stream.at(1, 4).normal(), stream.at(1, 4).normal())
    assert not torch.equal(stream.at(1, 4).normal(), stream.at(2, 4).normal())
    low_high = stream.at(1, 1000).uniform(low=-2.0, high=3.0)
    assert low_high.min() >= -2
    assert low_high.max() < 3
