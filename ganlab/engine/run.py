"""A game's life on disk: reporters, checkpoints, and the wish of the outside to end it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ganlab.engine import distributed
from ganlab.engine.checkpoint import CheckpointFolder, game_state
from ganlab.engine.game import Game
from ganlab.engine.look import undisturbed
from ganlab.engine.signals import Signals
from ganlab.errors import StorageError
from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.values import Action, Ending, Finding, Outcome, Picture, Tick


class Run:
    """One life of a run: from its start, or a resume, to its end. Without `info` nothing is recorded or saved."""

    def __init__(
        self,
        info: RunInfo | None = None,
        reporters: Mapping[str, Reporter] | None = None,
        identity: Mapping[str, Any] | None = None,
    ) -> None:
        self.info = info
        self._first = distributed.rank() == 0
        self._reporters = dict(reporters or {}) if self._first else {}
        self._identity = dict(identity or {})
        self._checkpoints = None if info is None else CheckpointFolder(info.directory / "checkpoints")
        self._signals = Signals()
        self._seconds_before = 0.0
        self._started = self._ticked = time.monotonic()
        self._samples_at_tick = 0

    @property
    def shows_pictures(self) -> bool:
        """True if a reporter would see them."""
        return bool(self._reporters)

    @property
    def seconds(self) -> float:
        """Seconds this run has taken, over all its lives."""
        return self._seconds_before + time.monotonic() - self._started

    def state(self) -> dict[str, Any]:
        """How far the reporters are, and the time taken."""
        reporters = {name: dict(each.state()) for name, each in self._reporters.items()}
        return {"seconds": self.seconds, "reporters": reporters}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned, before `start`."""
        self._seconds_before = state["seconds"]
        for name, reporter in self._reporters.items():
            if name in state["reporters"]:
                reporter.restore(state["reporters"][name])

    def start(self, game: Game) -> None:
        """Listen to signals and open the reporters."""
        self._signals.listen()
        self._started = self._ticked = time.monotonic()
        self._samples_at_tick = game.clock.samples
        if self.info is not None and self._reporters:
            with undisturbed(game) as look:
                count = game.watching.picture_count
                real = look.task.picture(look.real_beside(count), look.given(count))
            for reporter in self._reporters.values():
                reporter.start(self.info, game.clock.progress, real)

    def tick(
        self,
        game: Game,
        measurements: Mapping[str, float],
        findings: tuple[Finding, ...],
        actions: tuple[Action, ...],
        pictures: Mapping[str, Picture],
    ) -> Tick:
        """Tell everybody."""
        now = time.monotonic()
        shown = game.clock.samples - self._samples_at_tick
        rate = shown / max(now - self._ticked, 1e-9)
        self._ticked, self._samples_at_tick = now, game.clock.samples
        tick = Tick(game.clock.progress, measurements, findings, actions, pictures, self.seconds, rate)
        for reporter in self._reporters.values():
            reporter.tick(tick)
        return tick

    def save(self, game: Game) -> None:
        """Publish a checkpoint; on the first process, whose batch statistics are the ones kept."""
        if self._checkpoints is not None and self._first:
            tree = {"identity": self._identity, "run": self.state(), "game": game_state(game)}
            self._checkpoints.save(tree, game.clock.samples)

    def asked_to_end(self, game: Game) -> Ending | None:
        """How the outside wants the run to end, if it does."""
        asked = self._signals.asked
        if distributed.any_process(asked is not None, game.place.device):
            return asked or Ending.TERMINATED
        return None

    def outcome(self, game: Game, ending: Ending, sentence: str) -> Outcome:
        """The outcome, with where the run is."""
        return Outcome(ending, sentence, game.clock.progress, self.seconds)

    def end(self, game: Game, outcome: Outcome) -> None:
        """Save, unless a number stopped being finite; close the reporters; let go of the signals."""
        if outcome.ending is not Ending.DIVERGED:
            self.save(game)
        refusals = []
        for reporter in self._reporters.values():
            try:
                reporter.end(outcome)
            except StorageError as error:
                refusals.append(error)
        self._signals.leave()
        if refusals:
            raise refusals[0]
