"""A checkpoint whose hash is right and whose content is not what this game would have written: it is refused in one
line, or the game plays on."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from ganlab import CheckpointError, DivergedError
from ganlab.engine import container, controls
from ganlab.engine.checkpoint import game_state, restore_game
from ganlab.engine.game import Game
from ganlab.engine.loop import play, train
from ganlab.engine.run import Run
from ganlab.values import Ending, ScaleLearningRate, SetProbability, SetTurns, SetWeight
from tests.engine.mutants import copied, mutant
from tests.engine.toys import player, toy_game

MUTANTS = 2000

ROUNDS = 5


@pytest.fixture(scope="module")
def game() -> Game:
    """A game with a bit of everything, after five rounds, with two more to play."""
    adam = {"optimizer": {"name": "adam", "lr": 1e-3}}
    momentum = {"optimizer": {"name": "sgd", "lr": 1e-2, "momentum": 0.9}}
    game = toy_game(
        {
            "budget_rounds": ROUNDS,
            "players": {"generator": player(ema_half_life_kimg=0.01, **adam), "point": player(**momentum)},
            "terms": [
                {"name": "lecam", "on": "point", "weight": 0.1},
                {"name": "path-length", "on": "generator", "weight": 0.1, "every": 2},
            ],
            "augmentations": [{"name": "image-pool", "size": 12}, {"name": "instance-noise", "probability": 0.5}],
            "watch": {
                "reporters": [],
                "tick_kimg": 0.016,
                "diagnostics": [{"name": "coverage", "count": 32}],
                "monitors": [{"name": "lost-coverage"}, {"name": "never-covered"}],
            },
        }
    )
    for action in (
        ScaleLearningRate("generator", 0.5),
        SetTurns("point", 2),
        SetWeight("lecam", 0.2),
        SetProbability("instance-noise", 0.25),
    ):
        controls.apply(game, action)
    train(game)
    game.clock.budget_rounds = ROUNDS + 2
    return game


@pytest.fixture(scope="module")
def state(game: Game) -> dict[str, Any]:
    """The game's state, as a checkpoint gives it back."""
    return container.unpack(container.pack(game_state(game)))


def played(game: Game, state: dict[str, Any], *, allow_nonfinite: bool = False) -> Ending:
    """How the game ends, gone on with from there."""
    restore_game(game, state, allow_nonfinite=allow_nonfinite)
    return play(game, Run()).ending


def test_what_was_not_changed_plays_on(game: Game, state: dict[str, Any]) -> None:
    assert played(game, copied(state)) is Ending.FINISHED
    assert game.clock.round == ROUNDS + 2


def test_thousands_of_changed_states_are_refused_or_play_on(game: Game, state: dict[str, Any]) -> None:
    chance = random.Random(0)
    ends: Counter[str] = Counter()
    stages = game.stages
    for _ in range(MUTANTS):
        changed, what = mutant(state, chance)
        changed = container.unpack(container.pack(changed)) if chance.random() < 0.1 else changed
        game.stages = stages
        try:
            ends[played(game, changed, allow_nonfinite=chance.random() < 0.3)] += 1
        except CheckpointError as error:
            ends["refused" if len(str(error)) < 500 and "\n" not in str(error) else "refused at length"] += 1
        except DivergedError:
            ends["diverged"] += 1
        except Exception as error:
            raise AssertionError(what) from error
    game.stages = stages
    assert played(game, copied(state)) is Ending.FINISHED
    assert not ends["refused at length"]
    assert min(ends[Ending.FINISHED], ends["refused"]) > MUTANTS / 10
