"""The whole game at one sight: deal, play, watch, save, until the budget is spent or something ends it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ganlab.engine.game import Game
from ganlab.engine.round import Round
from ganlab.engine.run import Run
from ganlab.engine.turn import take_turn
from ganlab.engine.watch import watch
from ganlab.errors import DivergedError
from ganlab.values import Ending, Outcome, Stop


def train(game: Game, run: Run | None = None) -> Outcome:
    """Play the game to its end and say how it ended. Without a `run`, nothing is recorded or saved."""
    run = run or Run()
    run.start(game)
    try:
        outcome = play(game, run)
    except DivergedError as error:
        outcome = run.outcome(game, Ending.DIVERGED, str(error))
    finally:
        game.close()
    run.end(game, outcome)
    return outcome


def play(game: Game, run: Run) -> Outcome:
    """Round after round."""
    clock = game.clock
    saved = time.monotonic()
    while not clock.over:
        play_round(game)
        if clock.tick_due(game.watching.tick_samples):
            tick = watch(game, run)
            enter_next_stage(game, tick.measurements)
            if reasons := [action.reason for action in tick.actions if isinstance(action, Stop)]:
                return run.outcome(game, Ending.STOPPED, reasons[0])
        if asked := run.asked_to_end(game):
            return run.outcome(game, asked, f"Asked to end at {clock.progress.kimg:g} kimg; 'ganlab resume' goes on.")
        if time.monotonic() - saved >= game.checkpoint_seconds:
            run.save(game)
            saved = time.monotonic()
    return run.outcome(game, Ending.FINISHED, f"The budget of {clock.progress.kimg:g} kimg is spent.")


def play_round(game: Game) -> None:
    """Every turn that is due: the player's opponents are frozen, it is charged, it steps."""
    clock = game.clock
    before = clock.samples
    table = Round(game)
    for player, turns in table.turns():
        for other in game.players.values():
            other.freeze(other is not player)
        if take_turn(player, turns, game.stage.charges, game.place):
            table.stepped(player)
    clock.round += 1
    for player in game.players.values():
        if player.average is not None:
            player.average.update(clock.progress, clock.samples - before)
    if clock.samples >= game.stage.until_samples:
        clock.stage += 1


def enter_next_stage(game: Game, measurements: Mapping[str, float]) -> None:
    """A stage whose goal is reached makes room for the next."""
    goal = game.stage.goal
    if goal is not None and goal.reached(measurements) and game.clock.stage < len(game.stages) - 1:
        game.clock.stage += 1
