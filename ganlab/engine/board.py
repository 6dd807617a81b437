"""What a round needs of the game it is played in: one game, or several that are played as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from torch import Tensor

from ganlab.engine.device import Place
from ganlab.engine.phase import Stage
from ganlab.interfaces.random import Random
from ganlab.values import Batch, Networks, Progress


class Mover(Protocol):
    """Whose turn it may be."""

    @property
    def name(self) -> str: ...
    @property
    def frozen(self) -> bool: ...
    def freeze(self, frozen: bool) -> None: ...


class Deck(Protocol):
    """Batches of real data, one after another."""

    @property
    def batch_size(self) -> int: ...
    def take(self) -> Batch: ...


class Draws(Protocol):
    """One purpose's randomness, bound to a place in the run and to rows of a batch by `at`."""

    def at(self, place: int, rows: int, total: int | None = None, first: int = 0) -> Random: ...


class Notes(Protocol):
    """Where numbers are written down."""

    def record(self, name: str, value: Tensor) -> None: ...


class Hands(Protocol):
    """How far the game is, in counts that a round moves on."""

    samples: int
    draws: int
    turns: int

    @property
    def progress(self) -> Progress: ...


M_co = TypeVar("M_co", bound=Mover, covariant=True)


class Board(Protocol[M_co]):
    """The game that a round is played in."""

    @property
    def players(self) -> Mapping[str, M_co]: ...
    @property
    def networks(self) -> Networks: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def streams(self) -> Mapping[str, Deck]: ...
    @property
    def clock(self) -> Hands: ...
    @property
    def place(self) -> Place: ...
    @property
    def ledger(self) -> Notes: ...
    @property
    def accumulate(self) -> int: ...
    @property
    def draws(self) -> Draws: ...
    def stream(self, purpose: str) -> Draws: ...
    def mean(self, cost: Tensor) -> Tensor: ...


def mean(cost: Tensor) -> Tensor:
    """The mean; over nothing (a view without rows) it is zero and not NaN."""
    return cost.mean() if cost.numel() else cost.sum()
