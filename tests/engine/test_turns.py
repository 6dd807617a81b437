"""Turns: opponents are frozen, one forward pass of the generator serves both players, costs are what the books say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import Module

from ganlab import Augmentation, Random, Side, Task, Term, Turn, View
from ganlab.engine.loop import play_round
from tests.engine.toys import player, toy_game, weights


class FreezingWitness(Term):
    """Notes, in each turn, which players ask for gradients."""

    seen: list[tuple[str, set[str]]] = []

    def cost(self, turn: Turn) -> Tensor:
        asking = {
            name for name, network in turn.networks.items() if any(each.requires_grad for each in network.parameters())
        }
        self.seen.append((turn.player, asking))
        return torch.zeros(())


def count_forwards(module: Module) -> list[int]:
    calls: list[int] = []
    module.register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_only_the_player_whose_turn_it_is_asks_for_gradients() -> None:
    FreezingWitness.seen = []
    terms = [
        {"name": "witness", "on": "point", "label": "first"},
        {"name": "witness", "on": "generator", "label": "second"},
    ]
    game = toy_game({"terms": terms}, terms={"witness": FreezingWitness})
    play_round(game)
    assert FreezingWitness.seen == [("point", {"point"}), ("generator", {"generator"})]


def test_a_turn_leaves_no_gradient_with_the_opponent() -> None:
    game = toy_game({"phases": [{"player": "generator"}]})
    play_round(game)
    assert all(each.grad is None for each in game.networks["point"].parameters())
    assert all(each.grad is not None for each in game.networks["generator"].parameters())


@pytest.mark.parametrize(
    ("phases", "forwards"),
    [
        ([{"player": "point"}, {"player": "generator"}], 1),
        ([{"player": "point", "turns": 2}, {"player": "generator"}], 1),
        ([{"player": "point", "turns": 5, "batch": "fresh"}, {"player": "generator"}], 5),
        ([{"player": "point"}, {"player": "generator", "fake": "fresh"}], 2),
        ([{"player": "point"}, {"player": "generator", "turns": 2, "fake": "fresh"}], 3),
        ([{"player": "point"}, {"player": "generator", "turns": 2}], 2),
        ([{"player": "generator"}, {"player": "point", "turns": 2}], 2),
    ],
)
def test_the_generator_runs_no_oftener_than_the_phases_ask(phases: list[dict[str, object]], forwards: int) -> None:
    game = toy_game({"phases": phases})
    calls = count_forwards(game.networks["generator"])
    play_round(game)
    assert len(calls) == forwards


def test_one_round_is_what_two_steps_of_gradient_descent_are_by_hand() -> None:
    game = toy_game({"loss": {"name": "non-saturating"}})
    generator, judge = game.networks["generator"], game.networks["point"]
    stage: Task = game.stage.task
    batch = game.streams[""].take()
    game.streams[""].move_to(0)
    latent = stage.draw(batch, game.draws.at(0, batch.size))["latent"]

    import copy

    mine, its = copy.deepcopy(generator), copy.deepcopy(judge)
    softplus = torch.nn.functional.softplus
    fake = mine(latent)
    cost = softplus(-its(batch["point"])).mean() + softplus(its(fake.detach())).mean()
    cost.backward()
    with torch.no_grad():
        for each in its.parameters():
            each -= 0.1 * each.grad  # type: ignore[operator]
    softplus(-its(fake)).mean().backward()
    with torch.no_grad():
        for each in mine.parameters():
            each -= 0.1 * each.grad  # type: ignore[operator]

    play_round(game)
    by_hand = torch.cat([each.detach().reshape(-1) for each in mine.parameters()])
    judge_by_hand = torch.cat([each.detach().reshape(-1) for each in its.parameters()])
    torch.testing.assert_close(weights(game, "generator"), by_hand)
    torch.testing.assert_close(weights(game, "point"), judge_by_hand)


class Distorted(Augmentation):
    """Real data are shown larger, on the other side."""

    def augment(self, view: View, side: Side, random: Random) -> View:
        return view.replace(data=-10.0 * view.data) if side == "real" else view


def test_the_signs_of_real_logits_are_those_of_data_as_the_discriminator_is_trained_on_it() -> None:
    recipe = {"batch_size": 64, "augmentations": [{"name": "distorted"}]}
    game = toy_game(recipe, augmentations={"distorted": Distorted})
    shown, plain = [], []
    for _ in range(3):
        before = game.streams[""].position
        batch = game.streams[""].take()
        game.streams[""].move_to(before)
        with torch.no_grad():
            shown.append(float(game.networks["point"](-10.0 * batch["point"]).sign().mean()))
            plain.append(float(game.networks["point"](batch["point"]).sign().mean()))
        play_round(game)
    assert game.ledger.read()["sign-real/point"] == pytest.approx(sum(shown) / 3)
    assert sum(plain) != sum(shown)


def test_a_lazy_term_is_charged_every_nth_round_n_times_as_much() -> None:
    game = toy_game({"terms": [{"name": "r1", "on": "point", "weight": 0.5, "every": 4}], "budget_rounds": 8})
    charged = []
    for _ in range(8):
        play_round(game)
        told = game.ledger.read()
        charged.append("cost/r1" in told)
        if "cost/r1" in told:
            assert told["weighted/r1"] == pytest.approx(2.0 * told["cost/r1"], rel=1e-5)
        game.ledger.clear()
    assert charged == [True, False, False, False] * 2


def test_an_accumulated_round_moves_like_a_whole_one() -> None:
    whole, parts = toy_game({"batch_size": 16}), toy_game({"batch_size": 16, "accumulate": 4})
    for game in (whole, parts):
        for _ in range(3):
            play_round(game)
    for name in ("generator", "point"):
        torch.testing.assert_close(weights(whole, name), weights(parts, name), rtol=1e-4, atol=1e-6)


def test_the_gradient_is_clipped_to_its_norm_and_recorded() -> None:
    recipe = {"players": {"generator": player(clip_norm=1e-3), "point": player()}}
    game = toy_game(recipe)
    before = weights(game, "generator")
    play_round(game)
    moved = (weights(game, "generator") - before).norm()
    assert game.ledger.read()["gradient-norm/generator"] > 1e-3
    assert float(moved) == pytest.approx(0.1 * 1e-3, rel=1e-2)


def test_bfloat16_plays_the_same_game_roughly() -> None:
    exact, rough = toy_game({}), toy_game({"precision": "bfloat16"})
    for game in (exact, rough):
        play_round(game)
    assert rough.ledger.read()["cost/point"] == pytest.approx(exact.ledger.read()["cost/point"], rel=0.02)
    assert next(rough.networks["generator"].parameters()).dtype is torch.float32
