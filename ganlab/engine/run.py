"""A game's life on disk: reporters, checkpoints, and the wish of the outside to end it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from ganlab.deadline import DEADLINE
from ganlab.engine import distributed
from ganlab.engine.checkpoint import check_publishable, game_state
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.game import Game
from ganlab.engine.look import undisturbed
from ganlab.engine.signals import BrokenOff, Signals
from ganlab.engine.vetting import check_record
from ganlab.errors import CheckpointError, DivergedError, GanlabError, StorageError
from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.values import Deed, Ending, Finding, Outcome, Picture, Progress, Tick

log = logging.getLogger("ganlab")

TRY_AGAIN_SECONDS = 10.0
"""After a checkpoint that the disk refused, at most so long until the next is tried."""


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
        self._reporter_states: dict[str, Any] = {}
        self._saved = 0.0
        self._save_fails = False
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
        for name in list(self._reporters):
            told = self._told(name, lambda each: dict(each.state()))
            self._reporter_states |= {} if told is None else {name: told}
        return {"seconds": self.seconds, "reporters": dict(self._reporter_states)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned, before `start`."""
        check_record(state)
        self._seconds_before = float(state["seconds"])
        self._reporter_states = dict(state["reporters"])
        for name, reporter in self._reporters.items():
            if name in self._reporter_states:
                reporter.restore(self._reporter_states[name])

    def listen_with(self, other: Run) -> None:
        """What is asked of `other` is asked of this run too."""
        self._signals = other._signals

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, signals ask the run to end."""
        self._signals.listen()
        try:
            yield
        finally:
            self._signals.leave()

    def breakable(self, *, after_grace: bool = False) -> AbstractContextManager[None]:
        """Inside, the wish to end is answered by `BrokenOff`. Several processes can only end together, in the loop."""
        return nullcontext() if distributed.world_size() > 1 else self._signals.breakable(after_grace=after_grace)

    def start(self, game: Game) -> None:
        """Open the reporters; a run that has no checkpoint yet gets its first."""
        self._started = self._ticked = time.monotonic()
        self._samples_at_tick = game.clock.samples
        if self.info is not None and self._reporters:
            reporters, self._reporters = self._reporters, {}
            with undisturbed(game) as look, self.breakable(after_grace=True):
                count = game.watching.picture_count
                real = look.task.picture(look.real_beside(count), look.given(count))
            with self.breakable(after_grace=True):
                for name, reporter in reporters.items():
                    self._begin(name, reporter, game.clock.progress, real)
                    self._reporters[name] = reporter  # what never began needs no end
        if game.clock.round == 0:
            self._try_to_save(game)
        self._saved = time.monotonic()

    def tick(
        self,
        game: Game,
        measurements: Mapping[str, float],
        findings: tuple[Finding, ...],
        deeds: tuple[Deed, ...],
        pictures: Mapping[str, Picture],
    ) -> Tick:
        """Tell everybody."""
        now = time.monotonic()
        shown = game.clock.samples - self._samples_at_tick
        rate = shown / max(now - self._ticked, 1e-9)
        self._ticked, self._samples_at_tick = now, game.clock.samples
        tick = Tick(
            game.clock.progress, measurements, findings, deeds, pictures, self.seconds, rate, game.health.healthy
        )
        with self.breakable(after_grace=True):
            for name in list(self._reporters):
                self._told(name, lambda each: each.tick(tick))
        return tick

    def save(self, game: Game) -> None:
        """Publish a checkpoint; on the first process, whose batch statistics are the ones kept. Raises `StorageError`,
        and `DivergedError` rather than publish a number that is not finite."""
        if self._checkpoints is not None and self._first:
            check_publishable(game)
            with DEADLINE.saving():
                tree = {"identity": self._identity, "run": self.state(), "game": game_state(game)}
                self._checkpoints.save(tree, game.clock.samples, game.health)

    def save_if_due(self, game: Game) -> None:
        """A checkpoint once in `checkpoint_seconds`. If the disk refuses, the old ones stay, the run goes on and it is
        tried again. A run that is asked to end saves at its end."""
        if self.save_due(game):
            self._try_to_save(game)
            self._saved = time.monotonic()

    def save_due(self, game: Game) -> bool:
        """True once in `checkpoint_seconds`, unless the run is asked to end."""
        wait = game.checkpoint_seconds
        if self._save_fails and wait > TRY_AGAIN_SECONDS:
            wait = TRY_AGAIN_SECONDS
        return time.monotonic() - self._saved >= wait and self._signals.asked is None

    def _try_to_save(self, game: Game) -> None:
        try:
            self.save(game)
        except StorageError as error:
            if not self._save_fails:
                log.warning("no checkpoint: %s; the run goes on, and tries again", error)
            self._save_fails = True
        else:
            if self._save_fails:
                log.warning("checkpoints are written again")
            self._save_fails = False

    def asked_to_end(self, game: Game) -> bool:
        """True if the outside wants the run to end."""
        return distributed.any_process(self._signals.asked is not None, game.place.device)

    def asked_outcome(self, game: Game) -> Outcome:
        """The outcome of a run that was asked to end."""
        asked = self._signals.asked or Ending.TERMINATED
        kimg = game.clock.progress.kimg
        return self.outcome(game, asked, f"Asked to end at {kimg:g} kimg; 'ganlab resume' goes on.")

    def outcome(self, game: Game, ending: Ending, sentence: str, *, saved: bool = True) -> Outcome:
        """The outcome, with where the run is. One that is not `saved` leaves the last checkpoint to tell of it."""
        self._worth_saving = saved
        return Outcome(ending, sentence, game.clock.progress, self.seconds)

    def end(self, game: Game, outcome: Outcome) -> Outcome:
        """Save, unless the game is not whole; close the reporters. Returns how it ended: a game that cannot be saved,
        since a number is not finite, has diverged. Raises `StorageError` if the last checkpoint, or a line of the
        record, found no place; all else is done by then."""
        refusals: list[StorageError] = []
        for attempt in range(2 if self._worth_saving else 0):
            try:
                self.save(game)
                refusals.clear()
                break
            except DivergedError as error:
                outcome = self.outcome(game, Ending.DIVERGED, str(error), saved=False)
                break
            except StorageError as error:
                refusals = [StorageError(f"the last checkpoint is missing: {error}, and resume the run")]
                time.sleep(0.0 if attempt else 0.2)
        for name in list(self._reporters):
            try:
                with self.breakable(after_grace=True):
                    self._told(name, lambda each: each.end(outcome))
            except StorageError as error:
                refusals.append(error)
            except BrokenOff:
                continue
        if refusals:
            raise refusals[0]
        return outcome

    def _begin(self, name: str, reporter: Reporter, progress: Progress, real: Picture | None) -> None:
        assert self.info is not None
        try:
            reporter.start(self.info, progress, real)
        except GanlabError:
            raise
        except Exception as error:
            if name not in self._reporter_states:
                raise
            raise CheckpointError(
                f"reporter '{name}' cannot go on from what the checkpoint says of it ({type(error).__name__}: {error})"
            ) from error

    def _told(self, name: str, tell: Callable[[Reporter], Any]) -> Any:
        """What the reporter says to that; one that raises is off for the rest of the run, and so is one that is broken
        off halfway."""
        try:
            return tell(self._reporters[name])
        except (GanlabError, MemoryError, torch.OutOfMemoryError):
            raise
        except BrokenOff:
            del self._reporters[name]
            raise
        except Exception as error:
            del self._reporters[name]
            log.warning("reporter '%s' raised %s: %s; it is off", name, type(error).__name__, error)
            return None
