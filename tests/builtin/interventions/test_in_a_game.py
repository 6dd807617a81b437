"""Interventions in a game: what they may not do is told before the first round, and what they do is done."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from ganlab import Diagnostic, Intervention, Monitor, PluginError, RecipeError, RollBack, ScaleLearningRate, Severity
from ganlab.builtin.monitors.telling import trouble
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from tests.engine.toys import player, toy_game

R1 = {"name": "r1", "on": "point", "weight": 0.0}
NOISE = {"name": "instance-noise", "probability": 0.0}


class Says(Monitor):
    """A critical finding at its third tick, whatever happens."""

    def __init__(self) -> None:
        self.ticks = 0

    def judge(self, measurements: Any, progress: Any) -> Any:
        self.ticks += 1
        if self.ticks != 3:
            return []
        return [trouble("lost-coverage", "it is lost", Severity.CRITICAL, progress, progress.kimg, evidence={})]

    def state(self) -> Any:
        return {"ticks": self.ticks}

    def restore(self, state: Any) -> None:
        self.ticks = state["ticks"]


class Sure(Diagnostic):
    """A discriminator that takes all training data for real."""

    def measure(self, look: Any) -> Any:
        return {"balance/point/sign-real": 1.0}


class Speechless(Intervention):
    """Raises when it is asked what it may do."""

    def may_ask(self) -> Any:
        return [1 / 0]

    def answer(self, findings: Any, measurements: Any, progress: Any) -> Any:
        return []


def game_with(*interventions: dict[str, Any], **recipe: Any) -> Game:
    """A tick a round; 'says' finds a collapse at the third."""
    tree = {
        "budget_rounds": 10,
        "watch": {
            "tick_kimg": 0.008,
            "reporters": [],
            "monitors": [{"name": "lost-coverage"}],
            "interventions": list(interventions),
        },
        **recipe,
    }
    return toy_game(tree, monitors={"lost-coverage": Says})


def ticks(game: Game, count: int) -> list[Any]:
    made = []
    for _ in range(count):
        play_round(game)
        made.append(watch(game, Run()))
    return made


HEARS = ["lost-coverage"]


@pytest.mark.parametrize(
    ("intervention", "words"),
    [
        ({"name": "adapt-augmentation"}, "'adapt-augmentation' asks for augmentation 'ada', which is not in this game"),
        ({"name": "scale-regularisation", "term": "r2"}, "'scale-regularisation' asks for term 'r2'"),
        ({"name": "set-turns", "player": "points", "turns": 2, "monitors": HEARS}, "Did you mean 'point'"),
        ({"name": "roll-back", "players": ["image"]}, "'roll-back' asks for player 'image'"),
        ({"name": "switch-on", "term": "lecam"}, "'switch-on' asks for term 'lecam'"),
    ],
)
def test_what_does_not_fit_the_game_is_told_before_the_first_round(intervention: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        game_with(intervention)


def test_one_that_cannot_say_what_it_may_do_is_named() -> None:
    with pytest.raises(PluginError, match="intervention 'speechless' raised ZeroDivisionError"):
        toy_game(
            {"watch": {"reporters": [], "interventions": [{"name": "speechless"}]}},
            interventions={"speechless": Speechless},
        )


def test_one_that_nobody_speaks_to_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "ganlab"):
        game_with({"name": "probe-gap-controller"})
    assert "answers stale-discriminator, which is not in watch.monitors: it will do nothing" in caplog.text


def test_a_collapse_is_answered_by_going_back_and_slowing_down() -> None:
    game = game_with({"name": "roll-back", "factor": 0.5})
    before, before_last, last = ticks(game, 3)
    assert [each.healthy for each in (before, before_last, last)] == [True, True, False]
    assert [type(action) for action in last.actions] == [ScaleLearningRate, ScaleLearningRate, RollBack]
    assert all(each.learning_rate_factor == 0.5 for each in game.players.values())
    (after,) = ticks(game, 1)
    assert after.measurements["learning-rate/point"] == pytest.approx(0.05)


def test_what_waits_in_the_recipe_is_switched_on() -> None:
    switch = {"name": "switch-on", "augmentation": "instance-noise", "term": "r1", "weight": 0.3, "monitors": HEARS}
    game = game_with(switch, terms=[R1], augmentations=[NOISE])
    *_, before, after = ticks(game, 4)
    assert (before.measurements["probability/instance-noise"], before.measurements["weight/r1"]) == (0.0, 0.0)
    assert (after.measurements["probability/instance-noise"], after.measurements["weight/r1"]) == (1.0, 0.3)


def test_turns_are_set() -> None:
    game = game_with({"name": "set-turns", "player": "point", "turns": 3, "monitors": HEARS})
    ticks(game, 3)
    assert {phase.player: phase.turns for phase in game.stage.phases} == {"point": 3, "generator": 1}


def test_an_augmentation_is_adapted_at_every_tick() -> None:
    """Of a discriminator that takes all for real, r_t is 1; each tick of 0.008 kimg is a twentieth of the way."""
    adapting = {"name": "adapt-augmentation", "augmentation": "instance-noise", "kimg": 0.16, "most": 0.12}
    tree = {
        "budget_rounds": 10,
        "augmentations": [NOISE],
        "watch": {
            "tick_kimg": 0.008,
            "reporters": [],
            "diagnostics": [{"name": "sure"}],
            "interventions": [{**adapting, "limit": 1000, "cool_down": 0}],
        },
    }
    made = ticks(toy_game(tree, diagnostics={"sure": Sure}), 6)
    told = [each.measurements["probability/instance-noise"] for each in made]
    assert told == pytest.approx([0.0, 0.0, 0.05, 0.1, 0.12, 0.12])


def test_an_average_is_no_hindrance_to_going_back() -> None:
    game = game_with({"name": "roll-back"}, players={"generator": player(ema_half_life_kimg=1), "point": player()})
    *_, last = ticks(game, 3)
    assert any(isinstance(action, RollBack) for action in last.actions)
