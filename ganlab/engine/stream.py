"""An endless stream of real batches: which samples come when is a function of the seed and one position.

Each epoch is a permutation of its own; batches run on from one epoch into the next, so every batch is full. Sources
in memory are gathered on the device; others are read ahead by a background thread, in order.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from ganlab.engine.device import Place
from ganlab.engine.random import Stream, seed_for
from ganlab.errors import DataError
from ganlab.interfaces.dataset import Source
from ganlab.values import Batch

READ_AHEAD = 3


class BatchStream:
    """Batches of `batch_size` samples, of which this process takes rows `first` to `first + rows`."""

    def __init__(
        self, name: str, source: Source, batch_size: int, seed: int, place: Place, *, rank: int = 0, world_size: int = 1
    ) -> None:
        if batch_size > len(source):
            raise DataError(
                f"dataset '{name}' has {len(source)} training samples, fewer than batch_size = {batch_size}; "
                f"take a batch_size of at most {len(source)}"
            )
        if batch_size % world_size:
            raise DataError(f"batch_size = {batch_size} is not divisible by {world_size} processes")
        self.batch_size = batch_size
        self.position = 0
        self._source = source
        self._place = place
        self._rows = batch_size // world_size
        self._first = rank * self._rows
        self._seed = seed_for(seed, f"order/{name}")
        self._random = Stream(seed, f"augment/{name}", place.device if source.resident else torch.device("cpu"))
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)
        self._reader = None if source.resident else ThreadPoolExecutor(1, thread_name_prefix=f"ganlab-{name}")
        self._ahead: deque[Future[Batch]] = deque()

    def take(self) -> Batch:
        """The next batch, this process's rows of it, on the device."""
        if self._reader is None:
            batch = self._read(self._indices(self.position), self.position)
        else:
            while len(self._ahead) < READ_AHEAD:
                start = self.position + len(self._ahead) * self.batch_size
                self._ahead.append(self._reader.submit(self._read, self._indices(start), start))
            batch = self._ahead.popleft().result()
        self.position += self.batch_size
        return Batch({name: self._place.bring(value) for name, value in batch.items()}, self._rows)

    def move_to(self, position: int) -> None:
        """Go on from there."""
        for reading in self._ahead:
            reading.cancel()
        self._ahead.clear()
        self.position = position

    def close(self) -> None:
        """Stop reading ahead."""
        if self._reader is not None:
            self._reader.shutdown(wait=True, cancel_futures=True)

    def _read(self, indices: Tensor, place: int) -> Batch:
        random = self._random.at(place, self._rows, self.batch_size, self._first)
        return Batch(self._source.rows(indices, random), self._rows)

    def _indices(self, start: int) -> Tensor:
        first, count = start + self._first, self._rows
        size = len(self._source)
        epoch, offset = divmod(first, size)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._permutation(epoch)
        if offset + count <= size:
            return self._order[offset : offset + count]
        tail = self._order[offset:]
        self._epoch, self._order = epoch + 1, self._permutation(epoch + 1)
        return torch.cat([tail, self._order[: count - len(tail)]])

    def _permutation(self, epoch: int) -> Tensor:
        generator = torch.Generator().manual_seed(self._seed + epoch)
        order = torch.randperm(len(self._source), generator=generator)
        return order.to(self._place.device) if self._source.resident else order
