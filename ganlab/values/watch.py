"""What the watch says: measurements, findings, actions, and how a run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from ganlab.values.game import Picture, Progress


@dataclass(frozen=True)
class Measurement:
    """A number with its name, and where the run was. `value` may be NaN: it was measured and was not a number."""

    name: str
    value: float
    kimg: float
    round: int


class Severity(StrEnum):
    """How much a finding matters: worth knowing, worth acting on, or the run is dead."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Finding:
    """A sentence about the run, with its evidence. `began_kimg` is where the trouble began, `advice` what to do.

    `subject` is the player, view or measurement it is about, where a monitor may speak of several. `causes` are what
    is likely behind it, the likeliest first. `over` says that the trouble of that monitor and subject has ended.
    """

    monitor: str
    sentence: str
    severity: Severity
    kimg: float
    round: int
    began_kimg: float
    evidence: Mapping[str, float] = field(default_factory=dict)
    advice: str = ""
    subject: str = ""
    causes: tuple[str, ...] = ()
    over: bool = False


@dataclass(frozen=True)
class ScaleLearningRate:
    """Multiply a player's learning rate by `factor`."""

    player: str
    factor: float


@dataclass(frozen=True)
class SetWeight:
    """Give the term `term` the weight `weight`."""

    term: str
    weight: float


@dataclass(frozen=True)
class ScaleWeight:
    """Multiply the weight of the term `term` by `factor`; one that ramps goes on ramping."""

    term: str
    factor: float


@dataclass(frozen=True)
class SetTurns:
    """Let `player` move `turns` times a round."""

    player: str
    turns: int


@dataclass(frozen=True)
class SetProbability:
    """Let the augmentation `augmentation` act on a sample with this probability (0..1)."""

    augmentation: str
    probability: float


@dataclass(frozen=True)
class RollBack:
    """Put every player (weights, moving average, optimiser) back to how it was at the last healthy tick that is kept.

    The clock goes on: new samples and new latents are drawn, the budget is not given back. What the other actions of
    this and of earlier ticks changed stays changed, since to go back alone is to go wrong again.
    """

    reason: str


@dataclass(frozen=True)
class Stop:
    """End the run."""

    reason: str


Action: TypeAlias = ScaleLearningRate | SetWeight | ScaleWeight | SetTurns | SetProbability | RollBack | Stop
"""What an intervention asks for; only the engine carries it out."""


@dataclass(frozen=True)
class Deed:
    """An action with who asked for it, and why: the sentence of the finding it answers.

    One that was only `observed` was not carried out, since the recipe lets its intervention watch alone; one with a
    `hindrance` could not be.
    """

    action: Action
    intervention: str = ""
    reason: str = ""
    observed: bool = False
    hindrance: str = ""

    @property
    def done(self) -> bool:
        """True if the engine carried it out."""
        return not (self.observed or self.hindrance)


class Ending(StrEnum):
    """How a run can end."""

    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class Outcome:
    """How the run ended, in a sentence, and where it was."""

    ending: Ending
    sentence: str
    progress: Progress
    seconds: float = 0.0


@dataclass(frozen=True)
class Tick:
    """All that was learnt at one tick: measurements, findings, what was done about them, and pictures if due.

    `healthy` is False while a critical finding is not over.
    """

    progress: Progress
    measurements: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    deeds: tuple[Deed, ...] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    seconds: float = 0.0
    images_per_second: float = 0.0
    healthy: bool = True

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions that were carried out."""
        return tuple(deed.action for deed in self.deeds if deed.done)
