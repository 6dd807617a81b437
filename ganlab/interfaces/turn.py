"""What lies on the table when a player moves: all that a term may look at.

Three instances of looking: L1 compares `fake` with `real`; R1 differentiates the verdict on real views; a match
term asks for the intermediate `"embedding"`. Everything is computed on first use and once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from ganlab.interfaces.random import Random
from ganlab.values import Batch, Given, Networks, Progress, Sample, Side, Verdict, View, Views

if TYPE_CHECKING:
    from torch import Tensor


class Turn(ABC):
    """One turn of one player. Opponents are frozen: a gradient reaches the player's own parameters only."""

    player: str
    networks: Networks
    random: Random
    progress: Progress

    @property
    @abstractmethod
    def batch(self) -> Batch:
        """The real batch."""

    @property
    @abstractmethod
    def given(self) -> Given:
        """What the generator was given."""

    @property
    @abstractmethod
    def real(self) -> Sample:
        """The real batch in the form of a sample."""

    @property
    @abstractmethod
    def fake(self) -> Sample:
        """What the generator made; carries a graph if this turn's player had a part in making it."""

    @abstractmethod
    def views(self, side: Side) -> Views:
        """Views of that side, augmented: those this player judges, or all if it judges none."""

    @abstractmethod
    def verdict(self, side: Side, view: str) -> Verdict:
        """The verdict on that view, in training precision; shared with the loss."""

    @abstractmethod
    def judge(self, name: str, view: View) -> Verdict:
        """A new verdict on `view` by the judge of the view `name`, in float32, for costs that differentiate twice."""

    @abstractmethod
    def generate(self, given: Given) -> Sample:
        """A new sample made from `given`, in float32, with its graph."""

    @abstractmethod
    def intermediate(self, name: str) -> Any:
        """The task's named intermediate, computed once per turn."""

    @abstractmethod
    def record(self, name: str, value: Tensor) -> None:
        """Write a number to the ledger, without a wait for the device."""
