"""What cannot be played as one is played one after another, to the bit as alone, and the note says why."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganlab import Architecture, Field, GeneratorShapes, Loss, Term, Turn, ViewShapes
from ganlab.builtin.tasks.unconditional import Unconditional
from ganlab.engine import Game, train, train_together
from ganlab.engine.checkpoint import game_state
from ganlab.engine.loop import play_round
from ganlab.engine.snapshots import copied
from ganlab.engine.together.game import JointGame
from ganlab.engine.together.networks import ELEMENTWISE
from ganlab.engine.together.rehearsal import rehearsed
from ganlab.testing.state import same
from tests.engine.toys import ToyData, player, toy_game, weights


class Unpromising(Unconditional):
    per_sample = False


class Noisy(nn.Module):
    """Draws where everybody draws."""

    def forward(self, data: Tensor) -> Tensor:
        return data + torch.randn(())


class Waiting(nn.Module):
    """Looks at a number, which nobody can for many games at once."""

    def forward(self, data: Tensor) -> Tensor:
        return data * 2 if data.sum().item() > 0 else data


class Idle(nn.Module):
    """Has a weight that it does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = nn.Parameter(torch.zeros(2))

    def forward(self, data: Tensor) -> Tensor:
        return data


class Judge(nn.Module):
    """Layers, as a discriminator is called."""

    per_sample = True

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, data: Tensor, given: None = None) -> Tensor:
        logits: Tensor = self.layers(data)
        return logits.flatten()


class With(Architecture):
    """A linear network with one of the above before it."""

    def __init__(self, *, layer: str = "noisy", frozen: bool = False, twice: bool = False) -> None:
        self.layer = layer
        self.frozen = frozen
        self.twice = twice

    def generator(self, shapes: GeneratorShapes) -> nn.Module:
        return nn.Linear(4, 2)

    def discriminator(self, shapes: ViewShapes) -> nn.Module:
        first, last = nn.Linear(2, 2), nn.Linear(2, 2)
        if self.frozen:
            first.requires_grad_(False)
        if self.twice:
            last.weight = first.weight
        layer = {"noisy": Noisy, "waiting": Waiting, "idle": Idle, "none": nn.Identity}[self.layer]()
        return Judge(nn.Sequential(layer, first, nn.Tanh(), last, nn.Linear(2, 1)))


class Coupled(Loss):
    """Breaks its promise: each cost depends on the whole batch."""

    per_sample = True

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return (fake.mean() - real).exp(), fake.exp()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return (-fake).exp()


class Scalar(Term):
    """Breaks its promise: one number for all."""

    per_sample = True

    def cost(self, turn: Turn) -> Tensor:
        return turn.verdict("real", "point").judgements[""].square().mean()


PLAYERS = ("generator", "point")


def with_layer(**options: Any) -> dict[str, Any]:
    return {"players": {"generator": player(), "point": player(architecture={"name": "with", **options})}}


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("task", {"task": {"name": "unpromising"}}, "task 'Unpromising' does not promise to treat each sample alone"),
    ("accumulation", {"accumulate": 2}, "batches are accumulated"),
    ("precision", {"precision": "bfloat16"}, "precision is bfloat16, not float32"),
    ("frozen", with_layer(layer="none", frozen=True), "player 'point' does not move all weights of its network"),
    ("twice", with_layer(layer="none", twice=True), "player 'point' uses one weight in two places"),
    ("noisy", with_layer(layer="noisy"), "something draws from the random numbers that all games share"),
    ("waiting", with_layer(layer="waiting"), "'Waiting' cannot be mapped over games by vmap: "),
    (
        "spectral norm",
        {"players": {"generator": player(), "point": player(architecture={"name": "mlp", "spectral_norm": True})}},
        "'ParametrizedLinear' cannot be mapped over games by vmap: ",
    ),
    ("idle", with_layer(layer="idle"), "player 'point' has weights that no cost reaches"),
    ("coupled", {"loss": {"name": "coupled"}}, r"cost/\S+ of the first round is \S+ together and \S+ alone"),
    (
        "scalar",
        {"terms": [{"name": "scalar", "on": "point", "weight": 1.0}]},
        r"costs \(\) are not those of each sample",
    ),
    (
        "mismatched",
        {"task": {"name": "class-conditional", "mismatched": True}, "dataset": {"name": "labelled"}},
        "real data are shown beside the wrong condition, which is another sample's",
    ),
]


def made(recipe: dict[str, Any]) -> list[Game]:
    fields = {"point": Field("point", (2,)), "label": Field("category", cardinality=3)}
    registered: dict[str, dict[str, Any]] = {
        "tasks": {"unpromising": Unpromising},
        "architectures": {"with": With},
        "losses": {"coupled": Coupled},
        "terms": {"scalar": Scalar},
        "datasets": {"labelled": lambda: ToyData(fields)},
    }
    return [toy_game({"budget_rounds": 5, **recipe, "seed": seed}, **registered) for seed in range(3)]


@pytest.mark.parametrize(("recipe", "why"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_it_is_said_and_played_one_after_another(
    caplog: pytest.LogCaptureFixture, recipe: dict[str, Any], why: str
) -> None:
    caplog.set_level(logging.INFO, "ganlab")
    alone, together = made(recipe), made(recipe)
    for each in alone:
        train(each)
    train_together(together)
    (note,) = [record.getMessage() for record in caplog.records]
    assert note.startswith("game 0 to game 2: played one after another, not together: ")
    assert re.search(why, note), note
    for mine, theirs in zip(alone, together, strict=True):
        for name in mine.players:
            assert torch.equal(weights(mine, name), weights(theirs, name))


def test_a_rehearsal_that_fails_puts_everything_back() -> None:
    adafactor = {"name": "adafactor", "lr": 0.01}
    found = made({"loss": {"name": "coupled"}, "players": {name: player(optimizer=adafactor) for name in PLAYERS}})
    for game in found:
        for _ in range(3):
            play_round(game)
    before = [copied(game_state(game)) for game in found]
    assert isinstance(rehearsed(found), str)
    for game, kept in zip(found, before, strict=True):
        assert same(game_state(game), kept)


DIFFERENT: list[tuple[str, dict[str, Any], str]] = [
    ("width", {"players": {"generator": player(), "point": player(16)}}, "the networks of player 'point' differ"),
    ("batch", {"batch_size": 16}, "their batches are not of one size"),
    ("latent", {"task": {"name": "unconditional", "latent_size": 5}}, "their tasks differ"),
    ("turns", {"phases": [{"player": "point", "turns": 2}, {"player": "generator"}]}, "their phases differ"),
    ("weight", {"views": {"point": {"real": 2.0}}}, "their weights of views differ"),
    ("term", {"terms": [{"name": "r1", "on": "point", "weight": 1.0}]}, "their terms differ"),
    ("noise", {"augmentations": [{"name": "instance-noise"}]}, "their augmentations differ"),
    (
        "average",
        {"players": {"generator": player(ema_half_life_kimg=1), "point": player()}},
        "player 'generator' is not averaged in all",
    ),
]


@pytest.mark.parametrize(("recipe", "why"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT])
def test_one_that_differs_plays_alone_and_the_others_as_one(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, recipe: dict[str, Any], why: str
) -> None:
    caplog.set_level(logging.INFO, "ganlab")
    sizes: list[int] = []
    play = JointGame.play_round
    monkeypatch.setattr(JointGame, "play_round", lambda joint: (sizes.append(len(joint.games)), play(joint)))
    train_together([made({})[0], made(recipe)[1], made({})[2]])
    assert [record.getMessage() for record in caplog.records] == [
        f"game 1: played one after another, not together: {why}"
    ]
    assert sizes == [2] * 5


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "adamax", "nadam", "radam", "rmsprop", "adagrad", "adadelta"])
def test_learning_rates_differ_as_they_may(caplog: pytest.LogCaptureFixture, name: str) -> None:
    assert_moved_as_alone(caplog, lambda seed: {"name": name, "lr": 1e-2 * (seed + 1)})


@pytest.mark.parametrize("name", ["adafactor", "asgd", "rprop"])
def test_optimisers_that_do_not_move_in_proportion_move_each_game_apart(
    caplog: pytest.LogCaptureFixture, name: str
) -> None:
    assert_moved_as_alone(caplog, lambda seed: {"name": name, "lr": 1e-3 * (seed + 1)})


def test_other_options_of_the_optimiser_may_differ_too(caplog: pytest.LogCaptureFixture) -> None:
    assert_moved_as_alone(caplog, lambda seed: {"name": "adam", "lr": 1e-3, "betas": [0.1 * seed, 0.99]})


def test_clipping_knows_each_games_norm(caplog: pytest.LogCaptureFixture) -> None:
    assert_moved_as_alone(
        caplog, lambda seed: {"name": "sgd", "lr": 0.1}, lambda seed: {} if seed == 1 else {"clip_norm": 0.02}
    )


def assert_moved_as_alone(
    caplog: pytest.LogCaptureFixture,
    optimizer: Callable[[int], dict[str, Any]],
    more: Callable[[int], dict[str, Any]] = lambda seed: {},
) -> None:
    def all_three() -> list[Game]:
        return [
            toy_game(
                {
                    "seed": seed,
                    "budget_rounds": 30,
                    "players": {name: {**player(), "optimizer": optimizer(seed), **more(seed)} for name in PLAYERS},
                }
            )
            for seed in range(3)
        ]

    caplog.set_level(logging.INFO, "ganlab")
    alone, together = all_three(), all_three()
    for each in alone:
        train(each)
    train_together(together)
    assert not caplog.records
    for mine, theirs in zip(alone, together, strict=True):
        for name in PLAYERS:
            torch.testing.assert_close(weights(mine, name), weights(theirs, name), rtol=1e-4, atol=1e-5)


def test_what_is_taken_for_elementwise_is() -> None:
    data = torch.randn(6, 5)
    for kind in ELEMENTWISE:
        layer = kind()
        assert not list(layer.parameters())
        one_by_one = torch.stack([layer(each.clone()) for each in data.flatten()]).reshape(data.shape)
        torch.testing.assert_close(layer(data.clone()), one_by_one)
