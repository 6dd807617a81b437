"""Interventions in a game: what they may not do is told before the first round, and what they do is done."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganlab import (
    Architecture,
    Augmentation,
    GeneratorShapes,
    Intervention,
    Monitor,
    PluginError,
    RecipeError,
    RollBack,
    ScaleLearningRate,
    Severity,
    View,
    ViewShapes,
)
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


class Elsewhere(Augmentation):
    """Puts a sample far away."""

    def __init__(self, *, probability: float = 1.0) -> None:
        self.probability = probability

    def augment(self, view: View, side: Any, random: Any) -> View:
        return view.replace(data=view.data - 10.0 * (random.uniform(1) < self.probability))


class Knowing(nn.Module):
    """Takes for real what is near, such as all the data, and nothing that is far away; it learns nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, data: Tensor, given: None = None) -> Tensor:
        return data.sum(1) + 5.0 + 0.0 * self.weight


class ByHeart(Architecture):
    """A discriminator that knows its data by heart."""

    def generator(self, shapes: GeneratorShapes) -> nn.Module:
        return nn.Linear(4, 2)

    def discriminator(self, shapes: ViewShapes) -> nn.Module:
        return Knowing()


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


def adapted(augmentation: str, count: int) -> list[Any]:
    """Ticks of 0.128 kimg, each a twentieth of the way from never to always, of a discriminator that knows its data."""
    tree = {
        "batch_size": 128,
        "budget_rounds": 100,
        "augmentations": [{"name": augmentation, "probability": 0.0}],
        "players": {"generator": player(), "point": player(architecture={"name": "by-heart"})},
        "watch": {
            "tick_kimg": 0.128,
            "reporters": [],
            "interventions": [
                {
                    "name": "adapt-augmentation",
                    "augmentation": augmentation,
                    "kimg": 2.56,
                    "most": 0.72,
                    "limit": 1000,
                    "cool_down": 0,
                }
            ],
        },
    }
    game = toy_game(tree, architectures={"by-heart": ByHeart}, augmentations={"elsewhere": Elsewhere})
    return ticks(game, count)


def test_an_augmentation_that_does_not_help_is_raised_to_its_bound_at_every_tick() -> None:
    told = [each.measurements["probability/instance-noise"] for each in adapted("instance-noise", 18)]
    assert told == pytest.approx([0.0, *(0.05 * number for number in range(15)), 0.72, 0.72])


def test_an_augmentation_settles_where_the_discriminator_knows_as_much_as_it_may() -> None:
    """It is measured on augmented data: r_t = 1 - 2 p, which is 0.6 at p = 0.2."""
    made = adapted("elsewhere", 60)[20:]
    often = [each.measurements["probability/elsewhere"] for each in made]
    assert sum(often) / len(often) == pytest.approx(0.2, abs=0.03)
    assert max(often) <= 0.3
    signs = [each.measurements["sign-real/point"] for each in made]
    assert sum(signs) / len(signs) == pytest.approx(0.6, abs=0.03)


def test_an_average_is_no_hindrance_to_going_back() -> None:
    game = game_with({"name": "roll-back"}, players={"generator": player(ema_half_life_kimg=1), "point": player()})
    *_, last = ticks(game, 3)
    assert any(isinstance(action, RollBack) for action in last.actions)
