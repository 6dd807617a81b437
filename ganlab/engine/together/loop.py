"""K games at one sight: between two rounds each is a game of its own, and is watched, saved and ended as ever."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ganlab.engine import loop
from ganlab.engine.game import Game
from ganlab.engine.guard import blaming
from ganlab.engine.run import Run
from ganlab.engine.shared_random import random_state, restore_random
from ganlab.engine.signals import BrokenOff
from ganlab.engine.together.agreement import agreeing
from ganlab.engine.together.game import JointGame
from ganlab.engine.together.rehearsal import rehearsed
from ganlab.errors import DivergedError, GanlabError
from ganlab.values import Ending, Outcome

log = logging.getLogger("ganlab")

Tell = Callable[[int, Outcome], None]


@dataclass
class Seat:
    """One of the games, its run, and the state of the random numbers that all share as it would be alone."""

    number: int
    game: Game
    run: Run
    random: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.random = random_state(self.game.place.device)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, the shared random numbers are this game's."""
        device = self.game.place.device
        before = random_state(device)
        restore_random(self.random, device)
        try:
            yield
        finally:
            self.random = random_state(device)
            restore_random(before, device)

    @property
    def calm(self) -> bool:
        """True if it need not be looked at before the next round."""
        clock = self.game.clock
        due = clock.over or clock.tick_due(self.game.watching.tick_samples)
        return not (due or self.run.save_due(self.game) or self.run.asked_to_end(self.game))

    @property
    def rules(self) -> tuple[int, int]:
        """What tells that its rules have changed: by an action, or since another stage has begun."""
        return len(self.game.applied), self.game.clock.stage


def train_together(games: Sequence[Game], runs: Sequence[Run] | None = None, tell: Tell | None = None) -> list[Outcome]:
    """Play the games to their ends, as one as far as they can be, and say how each ended: what `train` says of each,
    and the same weights within float tolerance. `tell` hears of each at once, by its place.

    Games that cannot be played as one are played one after another, and a note in the log says why. Where `train`
    would raise an error about a number of one game, the others are played to their ends first.
    """
    runs = [Run() for _ in games] if runs is None else runs
    if not games:
        return []
    for run in runs:
        run.listen_with(runs[0])
    seats = [Seat(number, game, run) for number, (game, run) in enumerate(zip(games, runs, strict=True))]
    evening = Evening(runs[0], tell)
    with runs[0].listening():
        try:
            waiting = deque([evening.stayed(seats, loop.start)])
            while waiting:
                waiting.extendleft(reversed(evening.sitting(waiting.popleft())))
        finally:
            for game in games:
                game.close()
    if evening.errors:
        raise evening.errors[0]
    return [evening.outcomes[number] for number in range(len(games))]


class Evening:
    """Who plays with whom, and how it ended for those who have left."""

    def __init__(self, run: Run, tell: Tell | None) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.errors: list[GanlabError] = []
        self._run = run
        self._tell = tell
        self._rehearsed: set[int] = set()
        """Stages whose first round was."""

    def sitting(self, seats: list[Seat]) -> list[list[Seat]]:
        """Play as one until somebody leaves or the rules change for some; one game alone to its end. Returns who plays
        on, in groups."""
        seats = self.stayed(seats, loop.between_rounds if len(seats) > 1 else loop.play)
        seats, others = self._agreeing(seats)
        groups = [[each] for each in others]
        if len(seats) < 2:
            return [*([each] for each in seats), *groups]
        rules = [each.rules for each in seats]
        try:
            with self._run.breakable(after_grace=True):
                joint = self._as_one([each.game for each in seats])
            if isinstance(joint, str):
                note(seats, joint)
                return [*([each] for each in seats), *groups]
            with blaming(joint.games):
                while (outcomes := self._looked_at(seats, joint, rules)) is None:
                    with self._run.breakable(after_grace=True):
                        joint.play_round()
        except BrokenOff:
            for seat in seats:
                self.end(seat, loop.broken_off(seat.game, seat.run))
            return groups
        joint.give_back()
        for number, outcome in outcomes.items():
            self.end(seats[number], outcome)
        return [[each for number, each in enumerate(seats) if number not in outcomes], *groups]

    def stayed(self, seats: Sequence[Seat], act: Callable[[Game, Run], Outcome | None]) -> list[Seat]:
        """Let each act alone. Returns those whose game has not ended by it."""
        staying = []
        for seat in seats:
            if (outcome := acted(seat, act)) is None:
                staying.append(seat)
            else:
                self.end(seat, outcome)
        return staying

    def end(self, seat: Seat, outcome: Outcome | GanlabError) -> None:
        """Say how it ended."""
        if isinstance(outcome, GanlabError):
            self.errors.append(outcome)
            return
        with seat.alone():
            outcome = self.outcomes[seat.number] = seat.run.end(seat.game, outcome)
        if self._tell is not None:
            self._tell(seat.number, outcome)

    def _agreeing(self, seats: list[Seat]) -> tuple[list[Seat], list[Seat]]:
        """As many as possible that can be played as one, and the others, who play alone from here."""
        numbers, why = agreeing([each.game for each in seats])
        others = [each for number, each in enumerate(seats) if number not in numbers]
        if others and why is not None and len(seats) > 1:
            note(others, why)
        return [seats[number] for number in numbers], others

    def _as_one(self, games: Sequence[Game]) -> JointGame | str:
        """The games as one; or why they cannot be. The first round of a stage is rehearsed, and played."""
        stage = games[0].clock.stage
        if stage in self._rehearsed:
            return JointGame(games)
        self._rehearsed.add(stage)
        return rehearsed(games)

    def _looked_at(
        self, seats: Sequence[Seat], joint: JointGame, rules: Sequence[Any]
    ) -> dict[int, Outcome | GanlabError] | None:
        """After a round: how it ended for those for whom it has, by their place; None if all play on by these rules."""
        outcomes: dict[int, Outcome | GanlabError] = {
            number: seats[number].run.outcome(joint.games[number], Ending.DIVERGED, str(error), saved=False)
            if isinstance(error, DivergedError)
            else error
            for number, error in joint.broken.items()
        }
        restless = [number for number, seat in enumerate(seats) if number not in outcomes and not seat.calm]
        if not outcomes and not restless and rules == [each.rules for each in seats]:
            return None
        joint.lend()
        for number in restless:
            if (outcome := acted(seats[number], loop.between_rounds)) is not None:
                outcomes[number] = outcome
        return outcomes if outcomes or rules != [each.rules for each in seats] else None


def acted(seat: Seat, act: Callable[[Game, Run], Outcome | None]) -> Outcome | None:
    """How the game ended in that, if it has."""
    with seat.alone():
        return loop.ended(seat.game, seat.run, partial(act, seat.game, seat.run))


def note(seats: Sequence[Seat], why: str) -> None:
    """Say who is played alone, and why."""
    names = [seat.run.info.name if seat.run.info else f"game {seat.number}" for seat in seats]
    told = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    log.info("%s: played one after another, not together: %s", told, why)
