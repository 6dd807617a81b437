"""A game ready to be played: everything `assemble` builds and checks, and the clock that says how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.nn import Module

from ganlab.engine.board import mean
from ganlab.engine.device import Place
from ganlab.engine.finite import NotFinite, are_finite
from ganlab.engine.health import Health
from ganlab.engine.ledger import Ledger
from ganlab.engine.phase import Change, Charge, Phase, Stage
from ganlab.engine.player import Player
from ganlab.engine.random import Stream
from ganlab.engine.snapshots import Snapshots
from ganlab.engine.stream import BatchStream
from ganlab.errors import DivergedError
from ganlab.interfaces.component import Component
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.intervention import Intervention
from ganlab.interfaces.monitor import Monitor
from ganlab.numbers import clamp_finite
from ganlab.values import Field, Progress

SNAPSHOTS = 4
"""So many healthy ticks are kept to go back to: a trouble is found two or three ticks after it began."""


@dataclass
class Clock:
    """How far the run is. `draws` and `turns` give every draw and every turn a place of its own."""

    budget_samples: int
    budget_rounds: int | None = None
    round: int = 0
    samples: int = 0
    draws: int = 0
    turns: int = 0
    stage: int = 0
    ticks: int = 0
    last_tick: int = 0
    """Samples shown at the last tick."""

    @property
    def progress(self) -> Progress:
        """Where the run is, frozen."""
        return Progress(self.round, self.samples, clamp_finite(self.fraction, 0.0, 1.0, "the share of the budget"))

    @property
    def fraction(self) -> float:
        """Share of the budget that is spent."""
        if self.budget_rounds is not None:
            return self.round / self.budget_rounds
        return self.samples / self.budget_samples

    @property
    def over(self) -> bool:
        """True when the budget is spent."""
        return self.fraction >= 1.0

    def tick_due(self, tick_samples: int) -> bool:
        """True once for every `tick_samples`, and at the end of the budget, until the tick is made."""
        due = self.over or self.samples >= (self.last_tick // tick_samples + 1) * tick_samples
        return due and self.samples > self.last_tick


def no_features(choice: FeatureChoice, field: Field) -> Features:
    """Where nobody has said where feature networks come from."""
    raise LookupError(f"this game knows no feature network, and was asked for {choice}")


@dataclass(frozen=True)
class Intervening:
    """An intervention, and what the recipe lets it do: act, or only be observed; at most `limit` times; and not within
    `cool_down` ticks of the last time."""

    name: str
    intervention: Intervention
    acts: bool = True
    limit: int | None = None
    cool_down: int = 0


@dataclass(frozen=True)
class Watching:
    """When to look, at how much, and who judges and answers."""

    tick_samples: int
    diagnostics: Sequence[tuple[str, int, Diagnostic]] = ()
    """Name, every how many ticks, and the diagnostic."""
    monitors: Sequence[tuple[str, Monitor]] = ()
    interventions: Sequence[Intervening] = ()
    picture_every: int = 5
    picture_count: int = 64
    features: Callable[[FeatureChoice, Field], Features] = no_features
    """The feature network a diagnostic chose, for what is to be embedded."""


@dataclass
class Game:
    """Players, stages, streams of real data, and the watch."""

    players: dict[str, Player]
    stages: tuple[Stage, ...]
    streams: dict[str, BatchStream]
    datasets: Mapping[str, Dataset]
    place: Place
    clock: Clock
    watching: Watching
    seed: int = 0
    accumulate: int = 1
    checkpoint_seconds: float = 60.0
    ledger: Ledger = field(init=False)
    draws: Stream = field(init=False)
    applied: list[dict[str, Any]] = field(default_factory=list)
    """Actions carried out, as plain data, in order."""
    acted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By intervention: at how many ticks it has acted, and at which last."""
    health: Health = field(default_factory=Health)
    snapshots: Snapshots = field(init=False)
    silenced: set[str] = field(default_factory=set)
    """Plugins of the watch that raised and are off."""
    nonfinite: bool = False
    """True if it goes on from numbers that are not finite, since the user said so: it may keep such numbers."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Values diagnostics keep for the whole run, by name."""

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.place.device)
        self.draws = Stream(self.seed, "draw", self.place.device)
        self.snapshots = Snapshots(SNAPSHOTS if self.goes_back else 0)
        self._streams: dict[str, Stream] = {}

    @property
    def stage(self) -> Stage:
        """The stage being played."""
        return self.stages[self.clock.stage] if self.clock.stage < len(self.stages) else self.stages[-1]

    @property
    def networks(self) -> dict[str, Module]:
        """All networks by player name."""
        return {name: player.network for name, player in self.players.items()}

    @property
    def dataset(self) -> Dataset:
        """The counted dataset of the stage."""
        return self.datasets[self.stage.streams[self.stage.counted]]

    @property
    def goes_back(self) -> bool:
        """True if an intervention may put the players back to an earlier tick."""
        return any(each.acts and each.intervention.goes_back for each in self.watching.interventions)

    def stream(self, purpose: str) -> Stream:
        """The purpose's own randomness."""
        if purpose not in self._streams:
            self._streams[purpose] = Stream(self.seed, purpose, self.place.device)
        return self._streams[purpose]

    def mean(self, cost: Tensor) -> Tensor:
        """What a turn costs whose samples cost that."""
        return mean(cost)

    def check_weights(self) -> None:
        """Raise `DivergedError` if a finite step has led to a weight, or a round to a running statistic, that is not
        finite."""
        players = self.players.values()
        if are_finite([each for player in players for each in player.numbers], few=all(each.few for each in players)):
            return
        for player in players:
            try:
                player.check_numbers()
            except NotFinite as error:
                raise DivergedError(
                    f"{error} stopped being finite in round {self.clock.round}; lower its learning rate"
                ) from None

    def components(self) -> dict[str, Component]:
        """Everything with a state of its own, by a name that is stable from run to run."""
        found: dict[str, Component] = {}
        for number, stage in enumerate(self.stages):
            found[f"stages/{number}/task"] = stage.task
            for stake in stage.stakes:
                found[f"stages/{number}/losses/{stake.view}"] = stake.loss
            for charge in stage.charges:
                found[f"stages/{number}/terms/{charge.name}"] = charge.term
            for change in stage.changes:
                name = f"stages/{number}/augmentations/{change.name}/{change.view}"
                while name in found:  # the same one may act twice on a view
                    name += "+"
                found[name] = change.augmentation
        return found | self.watchers()

    def watchers(self) -> dict[str, Component]:
        """Those of them that belong to the watch."""
        watching = self.watching
        found: dict[str, Component] = {f"diagnostics/{name}": each for name, _, each in watching.diagnostics}
        found |= {f"monitors/{name}": each for name, each in watching.monitors}
        return found | {f"interventions/{each.name}": each.intervention for each in watching.interventions}

    def close(self) -> None:
        """Stop background readers."""
        for stream in self.streams.values():
            stream.close()


__all__ = ["Change", "Charge", "Clock", "Game", "Phase", "Stage", "Watching"]
