"""The whole game at one sight: deal, play, watch, save, until the budget is spent or something ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from ganlab.engine.checkpoint import forgotten_if_broken_off
from ganlab.engine.game import Game
from ganlab.engine.guard import blaming
from ganlab.engine.move import take_turn
from ganlab.engine.random import begin_random
from ganlab.engine.round import Round
from ganlab.engine.run import Run
from ganlab.engine.signals import BrokenOff, Overdue
from ganlab.engine.watch import watch
from ganlab.errors import DivergedError
from ganlab.values import Ending, Outcome, Stop

T = TypeVar("T")


def train(game: Game, run: Run | None = None) -> Outcome:
    """Play the game to its end and say how it ended. Without a `run`, nothing is recorded or saved."""
    run = run or Run()
    with run.listening():
        try:
            outcome = ended(game, run, lambda: start(game, run) or play(game, run))
        finally:
            game.close()
        return run.end(game, outcome)


def ended(game: Game, run: Run, act: Callable[[], T]) -> T | Outcome:
    """What `act` says; or that the game has diverged in it, or was broken off."""
    try:
        return act()
    except DivergedError as error:
        return run.outcome(game, Ending.DIVERGED, str(error), saved=False)
    except BrokenOff:
        return broken_off(game, run)


def broken_off(game: Game, run: Run) -> Outcome:
    """The outcome of a game that is half way through a round, or a tick."""
    return run.outcome(
        game,
        Ending.TERMINATED,
        "Asked to end, and broken off in what took too long; 'ganlab resume' goes on from the last checkpoint.",
        saved=False,
    )


def start(game: Game, run: Run) -> Outcome | None:
    """Open the run; how it ended, if it was asked to end meanwhile."""
    if game.clock.round == 0:
        begin_random(game.seed)
    try:
        run.start(game)
    except BrokenOff:  # nothing is played yet: the game is whole
        return run.asked_outcome(game)
    return None


def play(game: Game, run: Run) -> Outcome:
    """Round after round."""
    with blaming([game]):
        while (outcome := between_rounds(game, run)) is None:
            with run.breakable(after_grace=True):
                play_round(game)
    return outcome


def between_rounds(game: Game, run: Run) -> Outcome | None:
    """A tick and a checkpoint, if they are due. Returns how the game ended, if it has."""
    clock = game.clock
    if clock.tick_due(game.watching.tick_samples):
        check_steps(game)
        try:
            with forgotten_if_broken_off(game):
                tick = watch(game, run)
        except Overdue:
            raise
        except BrokenOff:  # the tick is still due, and is made when the run goes on
            return run.asked_outcome(game)
        enter_next_stage(game, tick.measurements)
        if reasons := [action.reason for action in tick.actions if isinstance(action, Stop)]:
            return run.outcome(game, Ending.STOPPED, reasons[0])
    if clock.over:
        return run.outcome(game, Ending.FINISHED, f"The budget of {clock.progress.kimg:g} kimg is spent.")
    run.save_if_due(game)
    return run.asked_outcome(game) if run.asked_to_end(game) else None


def play_round(game: Game) -> None:
    """Every turn that is due: the player's opponents are frozen, it is charged, it steps."""
    clock = game.clock
    before = clock.samples
    measured = before == clock.last_tick  # once a tick, in the round after it
    table = Round(game)
    for player, turns in table.turns():
        for other in game.players.values():
            other.freeze(other is not player)
        if take_turn(player, turns, game.stage.charges, game.place, measured=measured):
            table.stepped(player)
    if game.place.device.type == "cpu":
        game.check_weights()
    clock.round += 1
    for player in game.players.values():
        if player.average is not None:
            player.average.update(clock.progress, clock.samples - before)
    if clock.samples >= game.stage.until_samples:
        clock.stage += 1


def check_steps(game: Game) -> None:
    """Where the device is not waited for in a round: raise `DivergedError` if it refused a step since the last tick."""
    for player in game.players.values():
        if (number := player.guard.refused_in()) is not None:
            costs = [name for name, value in game.ledger.read().items() if value - value != 0]
            told = f" by {', '.join(costs[:3])}" if costs else ""
            raise DivergedError(
                f"the gradient of player '{player.name}' is not finite{told} in round {number}; its steps were left "
                "out from there on; lower its learning rate or add a penalty such as r1"
            )
    if game.place.device.type != "cpu":
        game.check_weights()


def enter_next_stage(game: Game, measurements: Mapping[str, float]) -> None:
    """A stage whose goal is reached makes room for the next."""
    goal = game.stage.goal
    if goal is not None and goal.reached(measurements) and game.clock.stage < len(game.stages) - 1:
        game.clock.stage += 1
