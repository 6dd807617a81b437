"""An endless stream of real batches: which samples come when is a function of the seed and one position.

Each epoch is a permutation of its own; batches run on from one epoch into the next, so every batch is full. Sources
in memory are gathered on the device; others are read ahead by a background thread, in order.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ganlab.engine import reader
from ganlab.engine.device import Place
from ganlab.engine.random import RowRandom, Stream, seed_for
from ganlab.engine.reader import Reader
from ganlab.errors import DataError, GanlabError
from ganlab.interfaces.dataset import Source
from ganlab.values import Batch

READ_AHEAD = 3

OF_THIS_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the system refuses here and now, whatever the sample."""


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
        self._name = name
        self.source = source
        self._place = place
        self._rows = batch_size // world_size
        self._first = rank * self._rows
        self._seed = seed_for(seed, f"order/{name}")
        self._random = Stream(seed, f"augment/{name}", place.device if source.resident else torch.device("cpu"))
        self._epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)
        self._reader: Reader | None = None
        self._ahead: deque[tuple[Future[Batch], Tensor]] = deque()

    def take(self) -> Batch:
        """The next batch, this process's rows of it, on the device. Raises `DataError` for one that is not in memory
        and cannot be read, or does not come."""
        if self.source.resident:
            return self.brought(self.source.rows(*self.move_on()))
        batch = self._awaited()
        self.position += self.batch_size
        return self.brought(batch)

    def move_on(self) -> tuple[Tensor, RowRandom]:
        """Which samples of a resident source come next, and the randomness that is theirs."""
        indices, random = self._indices(self.position), self._random_at(self.position)
        self.position += self.batch_size
        return indices, random

    def brought(self, rows: Mapping[str, Any]) -> Batch:
        """The rows as a batch on the device."""
        return Batch({name: self._place.bring(value) for name, value in rows.items()}, self._rows)

    def move_to(self, position: int) -> None:
        """Go on from there."""
        self._forget()
        self.position = position

    def close(self) -> None:
        """Stop reading ahead, and do not wait for a read that hangs."""
        self._forget()
        if self._reader is not None:
            self._reader.close()

    def _forget(self) -> None:
        for reading, _ in self._ahead:
            reading.cancel()
        self._ahead.clear()

    def _awaited(self) -> Batch:
        if self._reader is None:
            self._reader = Reader(f"dataset '{self._name}'")
        while len(self._ahead) < READ_AHEAD:
            start = self.position + len(self._ahead) * self.batch_size
            indices = self._indices(start)
            self._ahead.append((self._reader.submit(partial(self._read, indices, start)), indices))
        reading, indices = self._ahead.popleft()
        if not reader.came(reading):
            raise DataError(
                f"dataset '{self._name}': {listed(indices)} were not read in {reader.READ_SECONDS:g} seconds; "
                "look at the disk they are on, then resume"
            )
        try:
            return reading.result()
        except Exception as error:
            if isinstance(error, GanlabError) or lacks_room(error):
                raise
            self._forget()
            guilty = self._reader.submit(partial(self._guilty, indices))
            which = guilty.result() if reader.came(guilty) else listed(indices)
            told = " ".join(str(error).split())[:500]
            raise DataError(
                f"dataset '{self._name}': {which} cannot be read ({type(error).__name__}: {told}), tried "
                f"{reader.ATTEMPTS} times; mend or remove it, then resume"
            ) from error

    def _guilty(self, indices: Tensor) -> str:
        """The first that cannot be read alone; all of them if it takes them together."""
        for index in indices:
            try:
                self.source.rows(index[None], None)
            except Exception:
                return f"sample {int(index)}"
        return f"one of {listed(indices)}"

    def _read(self, indices: Tensor, place: int) -> Batch:
        return Batch(self.source.rows(indices, self._random_at(place)), self._rows)

    def _random_at(self, place: int) -> RowRandom:
        return self._random.at(place, self._rows, self.batch_size, self._first)

    def _indices(self, start: int) -> Tensor:
        first, count = start + self._first, self._rows
        size = len(self.source)
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
        order = torch.randperm(len(self.source), generator=generator)
        return order.to(self._place.device) if self.source.resident else order


def listed(indices: Tensor) -> str:
    """ "samples 3, 1, 4, 1, 5 and 59 more"."""
    first = ", ".join(str(int(each)) for each in indices[:5])
    return f"samples {first}" + (f" and {len(indices) - 5} more" if len(indices) > 5 else "")


def lacks_room(error: Exception) -> bool:
    """True if memory or open files are lacking, which is nobody's data."""
    told = isinstance(error, RuntimeError) and "memory" in str(error).lower()
    return told or isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in OF_THIS_MACHINE)
