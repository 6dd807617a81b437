"""Who is charged what, and when: the game's rules as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ganlab.interfaces.augmentation import Augmentation
from ganlab.interfaces.loss import Loss
from ganlab.interfaces.task import Task
from ganlab.interfaces.term import Term
from ganlab.values import Cadence, Progress

Weight = Callable[[Progress], float]
ALWAYS = Cadence()


@dataclass(frozen=True)
class Stake:
    """The adversarial loss on one view: who judges it, who is played against, and each side's weight."""

    view: str
    judge: str
    against: tuple[str, ...]
    loss: Loss
    real: Weight
    fake: Weight
    mismatched: float
    generator: Weight
    judgements: Mapping[str, float] = field(default_factory=dict)
    cadence: Cadence = ALWAYS


@dataclass(frozen=True)
class Charge:
    """A term with its player, weight and cadence. Charged every n-th round, it weighs n times as much."""

    name: str
    term: Term
    player: str
    weight: Weight
    cadence: Cadence = ALWAYS


@dataclass(frozen=True)
class Phase:
    """A player's turns within a round. A fresh batch or fake is taken for every turn; a kept one is shared."""

    player: str
    cadence: Cadence = ALWAYS
    turns: int = 1
    fresh_batch: bool = False
    fresh_fake: bool = False


@dataclass(frozen=True)
class Change:
    """An augmentation of one view. Each view has an instance of its own, since it may remember what it saw."""

    name: str
    view: str
    augmentation: Augmentation


@dataclass(frozen=True)
class Goal:
    """A measurement that ends a stage early."""

    measurement: str
    below: float | None = None
    above: float | None = None

    def reached(self, measurements: Mapping[str, float]) -> bool:
        """True if the measurement was made and is on the right side; NaN never is."""
        value = measurements.get(self.measurement)
        if value is None:
            return False
        return value < self.below if self.below is not None else self.above is not None and value > self.above


@dataclass(frozen=True)
class Stage:
    """A stretch of the budget: its task, its rules, and which streams lie on the table."""

    name: str
    task: Task
    phases: tuple[Phase, ...]
    stakes: tuple[Stake, ...]
    charges: tuple[Charge, ...] = ()
    changes: tuple[Change, ...] = ()
    streams: Mapping[str, str] = field(default_factory=lambda: {"": ""})
    """The game's stream for each name in the batch; a single one has the empty name and is the batch itself."""
    counted: str = ""
    """The name of the stream whose samples the budget counts."""
    until_samples: float = float("inf")
    goal: Goal | None = None
