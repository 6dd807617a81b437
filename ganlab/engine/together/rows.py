"""The rows of K games in one batch, game after game: drawn and dealt for each game alone, and taken apart again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ganlab.engine.board import Draws
from ganlab.engine.ledger import COMPACT_AT, Ledger
from ganlab.engine.look import joined
from ganlab.engine.stream import BatchStream
from ganlab.interfaces.random import Random
from ganlab.values import Batch, View


class JointRandom(Random):
    """Draws each game's rows by its own randomness."""

    def __init__(self, rows: int, make: Callable[[], list[Random]]) -> None:
        self.rows = rows
        self._make = make

    @cached_property
    def parts(self) -> list[Random]:
        """One for each game; in most turns nothing is drawn."""
        return self._make()

    def normal(self, *shape: int) -> Tensor:
        return torch.cat([each.normal(*shape) for each in self.parts])

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.cat([each.uniform(*shape, low=low, high=high) for each in self.parts])

    def integers(self, high: int, *shape: int) -> Tensor:
        return torch.cat([each.integers(high, *shape) for each in self.parts])


class JointDraws:
    """One purpose's randomness of all games."""

    def __init__(self, draws: Sequence[Draws]) -> None:
        self._draws = draws

    def at(self, place: int, rows: int, total: int | None = None, first: int = 0) -> JointRandom:
        each_rows = rows // len(self._draws)
        return JointRandom(rows, lambda: [each.at(place, each_rows) for each in self._draws])


class JointDeck:
    """The next batch of every game, one after another."""

    def __init__(self, streams: Sequence[BatchStream]) -> None:
        self._streams = streams
        self.batch_size = streams[0].batch_size
        """Of one game: budgets count its samples."""
        source = streams[0].source
        self._shared = source if source.resident and all(each.source is source for each in streams) else None

    def take(self) -> Batch:
        """All of them; in one look-up, if they lie in the same memory."""
        rows = self.batch_size * len(self._streams)
        if self._shared is None:
            return Batch(joined([each.take() for each in self._streams]), rows)
        indices, random = zip(*(each.move_on() for each in self._streams), strict=True)
        found = self._shared.rows(torch.cat(indices), JointRandom(rows, lambda: list(random)))
        return Batch(self._streams[0].brought(found).entries, rows)


class JointLedger:
    """Numbers (K,) that are written down in the games' own ledgers."""

    def __init__(self, ledgers: Sequence[Ledger]) -> None:
        self._ledgers = ledgers
        self._fresh: dict[str, list[Tensor]] = {}

    def record(self, name: str, value: Tensor) -> None:
        """Keep one number for each game."""
        if value.shape != (len(self._ledgers),):
            raise ValueError(f"'{name}' is recorded as {tuple(value.shape)}, and not for each sample")
        values = self._fresh.setdefault(name, [])
        values.append(value.detach())
        if len(values) >= COMPACT_AT:
            self._hand_out(name)

    def means(self, number: int) -> dict[str, float]:
        """What one game's say that are not yet handed out."""
        return {name: torch.stack(values)[:, number].mean().item() for name, values in self._fresh.items()}

    def hand_out(self) -> None:
        """Write all of it down."""
        for name in list(self._fresh):
            self._hand_out(name)

    def _hand_out(self, name: str) -> None:
        for ledger, column in zip(self._ledgers, torch.stack(self._fresh.pop(name)).unbind(1), strict=True):
            ledger.add(name, column)


def own_rows(value: Any, number: int, count: int) -> Any:
    """The rows that one of `count` games has in a tree of tensors and of lists with an entry for each row."""
    if isinstance(value, View):
        return value.replace(data=own_rows(value.data, number, count), given=own_rows(value.given, number, count))
    if isinstance(value, Batch):
        return Batch({name: own_rows(each, number, count) for name, each in value.items()}, value.size // count)
    if isinstance(value, Mapping):
        return {name: own_rows(each, number, count) for name, each in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(each, Tensor) for each in value):
        return type(value)(own_rows(each, number, count) for each in value)
    if not isinstance(value, Tensor | list):
        return value
    size, rest = divmod(len(value), count)
    if rest:
        raise ValueError(f"{len(value)} rows are not those of {count} games")
    return value[number * size : (number + 1) * size]
