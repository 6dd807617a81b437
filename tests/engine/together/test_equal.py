"""K games played as one end as they do alone: weights, averages, optimisers, costs, components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import Field
from ganlab.builtin.losses import ganlab_register_losses
from ganlab.builtin.terms import ganlab_register_terms
from ganlab.engine import Game, train, train_together
from ganlab.engine.checkpoint import component_states, game_state, restore_game
from ganlab.engine.loop import play_round
from ganlab.engine.table import tensors_in
from ganlab.engine.together.game import JointGame
from tests.engine.toys import ToyData, toy_game, weights

SEEDS = (3, 5)
ROUNDS = 50
LEG = 10
"""So many rounds are compared of games of pictures, and of many games, and the next begin for both where the joint game
is: where a layer has a kink rounding may turn a gradient around, and from there on two games that were alike go their
own ways."""


def adam(architecture: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    return {
        "architecture": architecture or {"name": "mlp", "width": 8, "depth": 2},
        "optimizer": {"name": "adam", "lr": 2e-3, "betas": [0.5, 0.99]},
        "ema_half_life_kimg": 0.1,
        **settings,
    }


def games(recipe: Mapping[str, Any], **registered: Mapping[str, Any]) -> list[Game]:
    recipe = {"players": {"generator": adam(), "point": adam()}, "budget_rounds": ROUNDS, **recipe}
    recipe = {name: value for name, value in recipe.items() if value is not None}
    return [toy_game({**recipe, "seed": seed}, **registered) for seed in SEEDS]


def state(game: Game) -> dict[str, Tensor]:
    """All that training changes, by name."""
    players = {name: player.state() for name, player in game.players.items()}
    return tensors_in({"players": players, "components": component_states(game.components())})


def assert_alike(one: Game, other: Game, tolerance: float = 2e-5) -> None:
    mine, theirs = state(one), state(other)
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        near = torch.allclose(theirs[name].double(), value.double(), rtol=tolerance, atol=tolerance)
        assert near, f"{name} differs by {(theirs[name].double() - value.double()).abs().max():g}"
    assert one.clock == other.clock
    assert {name: each.position for name, each in one.streams.items()} == {
        name: each.position for name, each in other.streams.items()
    }


def assert_played_as_one(
    monkeypatch: pytest.MonkeyPatch,
    recipe: Mapping[str, Any],
    tolerance: float = 2e-5,
    rounds: int = ROUNDS,
    leg: int | None = None,
    **registered: Any,
) -> None:
    """All rounds are played as one, and end as alone, leg by leg; other seeds end elsewhere."""

    def made(end: int) -> list[Game]:
        return games({**recipe, **({"budget_rounds": end} if leg else {})}, **registered)

    together = assert_made_games_are_played_as_one(monkeypatch, made, tolerance, rounds, leg)
    player = next(iter(together[0].players))
    assert not torch.equal(weights(together[0], player), weights(together[1], player))


def assert_made_games_are_played_as_one(
    monkeypatch: pytest.MonkeyPatch,
    made: Callable[[int], list[Game]],
    tolerance: float,
    rounds: int,
    leg: int | None,
) -> list[Game]:
    """The same of games that `made` makes, with a budget of so many rounds. Returns them at their end."""
    played: list[int] = []
    play = JointGame.play_round
    monkeypatch.setattr(JointGame, "play_round", lambda joint: (played.append(len(joint.games)), play(joint)))
    together: list[Game] = []
    states: list[dict[str, Any]] = []
    for end in range(leg or rounds, rounds + 1, leg or rounds):
        alone, together = made(end), made(end)
        for number, known in enumerate(states):
            restore_game(alone[number], deepcopy(known))
            restore_game(together[number], deepcopy(known))
        outcomes = [train(each) for each in alone]
        assert [each.ending for each in train_together(together)] == [each.ending for each in outcomes]
        for mine, theirs in zip(alone, together, strict=True):
            assert_alike(mine, theirs, tolerance)
        states = [deepcopy(game_state(each)) for each in together]
    assert played == [len(together)] * rounds
    return together


@pytest.mark.parametrize("loss", sorted(ganlab_register_losses()))
def test_every_loss(monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    # Some costs leave a bias free: what is left of its gradient is rounding, which Adam would make a step of.
    players = {name: adam(optimizer={"name": "sgd", "lr": 0.02, "momentum": 0.5}) for name in ("generator", "point")}
    assert_played_as_one(monkeypatch, {"loss": {"name": loss}, "players": players})


POINT_TERMS = [
    ("r1", "point"),
    ("r2", "point"),
    ("gradient-penalty", "point"),
    ("dragan", "point"),
    ("lecam", "point"),
    ("orthogonal", "point"),
    ("path-length", "generator"),
    ("l1", "generator"),
]


@pytest.mark.parametrize(("term", "player"), POINT_TERMS)
def test_every_term_of_points(monkeypatch: pytest.MonkeyPatch, term: str, player: str) -> None:
    assert_played_as_one(monkeypatch, {"terms": [{"name": term, "on": player, "weight": 0.3, "every": 2}]})


PAIR_TERMS = ("cycle", "identity")


def test_no_term_is_left_out() -> None:
    assert {name for name, _ in POINT_TERMS} | {*PAIR_TERMS, "feature-matching"} == set(ganlab_register_terms())


def pictures() -> ToyData:
    return ToyData({"image": Field("image", (1, 8, 8))})


DCGAN = {"name": "dcgan", "width": 4, "norm": "none"}


def of_pictures(generator: Mapping[str, Any], image: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    players = {"generator": adam(generator), "image": adam(image)}
    return {"players": players, "dataset": {"name": "pictures"}, **more}


@pytest.mark.parametrize("compare", ["pairs", "means"])
def test_feature_matching_of_convolutions(monkeypatch: pytest.MonkeyPatch, compare: str) -> None:
    terms = [{"name": "feature-matching", "on": "generator", "weight": 0.5, "compare": compare}]
    recipe = of_pictures(DCGAN, {**DCGAN, "features": True}, terms=terms)
    assert_played_as_one(monkeypatch, recipe, 2e-4, leg=LEG, datasets={"pictures": pictures})


@pytest.mark.parametrize("augmentation", ["diff-augment", "ada", "instance-noise", "image-pool"])
def test_every_augmentation(monkeypatch: pytest.MonkeyPatch, augmentation: str) -> None:
    recipe = of_pictures({"name": "mlp", "width": 8}, DCGAN, augmentations=[{"name": augmentation}])
    assert_played_as_one(monkeypatch, recipe, 2e-4, leg=LEG, datasets={"pictures": pictures})


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_norms_look_at_the_batch_of_their_own_game(monkeypatch: pytest.MonkeyPatch, norm: str) -> None:
    recipe = of_pictures({**DCGAN, "norm": norm}, {**DCGAN, "norm": norm, "minibatch_deviation": True})
    assert_played_as_one(monkeypatch, recipe, 2e-3, leg=LEG, datasets={"pictures": pictures})


@pytest.mark.parametrize("term", PAIR_TERMS)
def test_two_generators_of_one_player(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    mlp = {"name": "mlp", "width": 8, "depth": 1}
    recipe = {
        "task": {"name": "unpaired"},
        "datasets": {"a": {"name": "pictures"}, "b": {"name": "pictures"}},
        "players": {"generator": adam(mlp), "a": adam(mlp), "b": adam(mlp)},
        "terms": [{"name": term, "on": "generator", "weight": 2.0}],
    }
    assert_played_as_one(monkeypatch, recipe, leg=LEG, datasets={"pictures": pictures})


def test_stages_and_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = {
        "stages": [
            {"name": "near", "kimg": 0.08, "phases": [{"player": "generator"}], "terms": [l1("generator")]},
            {
                "name": "play",
                "kimg": 0.32,
                "phases": [{"player": "point", "turns": 2, "batch": "fresh"}, {"player": "generator", "fake": "fresh"}],
            },
        ],
        "budget_rounds": None,
        "budget_kimg": 0.4,
    }
    assert_played_as_one(monkeypatch, recipe, rounds=30)


def test_each_game_has_its_own_signs_of_logits() -> None:
    recipe = of_pictures({"name": "mlp", "width": 8}, DCGAN, augmentations=[{"name": "ada"}])
    alone, together = games(recipe, datasets={"pictures": pictures}), games(recipe, datasets={"pictures": pictures})
    joint = JointGame(together)
    for _ in range(5):
        joint.play_round()
        for each in alone:
            play_round(each)
    joint.lend()
    told = [each.ledger.read()["sign-real/image"] for each in together]
    assert told == pytest.approx([each.ledger.read()["sign-real/image"] for each in alone])
    assert told[0] != told[1]


def l1(player: str) -> dict[str, Any]:
    return {"name": "l1", "on": player, "weight": 1.0}


def test_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"point": Field("point", (2,)), "label": Field("category", cardinality=3)}
    recipe = {"task": {"name": "class-conditional", "latent_size": 4}, "dataset": {"name": "labelled"}}
    assert_played_as_one(monkeypatch, recipe, datasets={"labelled": lambda: ToyData(fields)})


SGD = {"name": "sgd", "lr": 0.02, "momentum": 0.5}
RISING = {"start": 0.0, "end": 0.6, "until_kimg": 0.2}

SETTINGS: list[list[tuple[Mapping[str, Any], Any]]] = [
    # the optimiser of both players, and what R1 weighs
    [({"name": "adam", "lr": rate, "betas": [0.5, 0.99]}, 0.1) for rate in (1e-3, 2e-3, 4e-3)],
    [({"name": "adam", "lr": 2e-3, "betas": [beta, 0.99]}, 0.1) for beta in (0.0, 0.5, 0.0, 0.9, 0.5)],
    [(SGD, weight) for weight in (0.1, RISING, 1.0, 0.0)],
    [
        (SGD, 0.1),
        ({"name": "rmsprop", "lr": 1e-3}, 0.3),
        ({**SGD, "lr": 0.05}, 0.2),
        ({"name": "asgd", "lr": 0.02}, 0.1),
    ],
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["rates", "betas", "weights", "optimisers"])
def test_settings_of_one_recipe(monkeypatch: pytest.MonkeyPatch, settings: list[tuple[Mapping[str, Any], Any]]) -> None:
    def made(end: int) -> list[Game]:
        return [
            toy_game(
                {
                    "players": {name: adam(optimizer=optimizer) for name in ("generator", "point")},
                    "terms": [{"name": "r1", "on": "point", "weight": weight, "every": 2}],
                    "budget_rounds": end,
                    "seed": seed,
                }
            )
            for seed, (optimizer, weight) in enumerate(settings)
        ]

    assert_made_games_are_played_as_one(monkeypatch, made, 2e-5, ROUNDS, LEG)
