"""Bits: the same seed gives the same weights, watching changes none of them, and neither does stopping halfway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.engine import container
from ganlab.engine.checkpoint import game_state, restore_game
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round, train
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from tests.engine.toys import player, toy_game, weights

DIGITS: dict[str, Any] = {
    "budget_rounds": 6,
    "batch_size": 8,
    "dataset": {"name": "digits", "size": 8},
    "players": {
        "generator": {
            "architecture": {"name": "dcgan", "width": 4},
            "ema_half_life_kimg": 0.05,
            "schedule": {"shape": "cosine"},
        },
        "image": {"architecture": {"name": "dcgan", "width": 4, "norm": "spectral"}},
    },
    "terms": [{"name": "r1", "on": "image", "every": 2}, {"name": "lecam", "on": "image", "weight": 0.1}],
    "augmentations": [{"name": "diff-augment"}],
}
WATCH = {
    "reporters": [],
    "tick_kimg": 0.016,
    "diagnostics": [{"name": "coverage", "count": 32}, {"name": "balance", "count": 32}],
    "monitors": [{"name": "lost-coverage"}, {"name": "never-covered"}],
}


def same(first: Game, second: Game) -> bool:
    return all(
        torch.equal(a, b)
        for name in first.players
        for networks in (
            (first.players[name].network, second.players[name].network),
            (first.players[name].averaged, second.players[name].averaged),
        )
        for a, b in zip(networks[0].state_dict().values(), networks[1].state_dict().values(), strict=True)
    )


def played(recipe: dict[str, Any], rounds: int) -> Game:
    game = toy_game(recipe)
    for _ in range(rounds):
        play_round(game)
    return game


def test_two_runs_of_one_seed_are_bit_identical_and_another_seed_is_not() -> None:
    first, second = toy_game(DIGITS), toy_game(DIGITS)
    train(first)
    train(second)
    other = toy_game({**DIGITS, "seed": 1})
    train(other)
    assert same(first, second)
    assert not same(first, other)


def test_watching_changes_no_bit() -> None:
    alone, watched = toy_game({**DIGITS, "watch": {"reporters": []}}), toy_game({**DIGITS, "watch": WATCH})
    train(alone)
    train(watched)
    assert watched.clock.ticks == 3
    assert same(alone, watched)


def test_looking_in_training_mode_puts_batch_statistics_back() -> None:
    recipe = {**DIGITS, "watch": WATCH, "players": {**DIGITS["players"]}}
    recipe["players"]["generator"] = {**recipe["players"]["generator"], "sampling_mode": "train"}
    game = played(recipe, 2)
    before = container.pack(game_state(game)["players"])
    watch(game, Run())
    assert container.pack(game_state(game)["players"]) == before


@pytest.mark.parametrize("rounds", [1, 3, 5])
def test_a_run_that_went_through_a_checkpoint_is_bit_identical(rounds: int) -> None:
    straight = toy_game({**DIGITS, "watch": WATCH})
    train(straight)
    before = toy_game({**DIGITS, "watch": WATCH})
    for _ in range(rounds):
        play_round(before)
        if before.clock.tick_due(before.watching.tick_samples):
            watch(before, Run())
    raw = container.pack(game_state(before))
    after = toy_game({**DIGITS, "watch": WATCH})
    restore_game(after, container.unpack(raw))
    train(after)
    assert same(straight, after)
    assert container.pack(game_state(straight)) == container.pack(game_state(after))


def test_a_checkpoint_of_another_game_is_refused() -> None:
    from ganlab import CheckpointError

    state = game_state(toy_game({}))
    with pytest.raises(CheckpointError, match="does not fit player"):
        restore_game(toy_game({"players": {"generator": player(width=9), "point": player(width=9)}}), state)
    with pytest.raises(CheckpointError, match="players"):
        restore_game(toy_game(DIGITS), state)


def test_actions_survive_a_checkpoint() -> None:
    from ganlab import ScaleLearningRate, SetTurns, SetWeight
    from ganlab.engine.controls import apply

    recipe = {"terms": [{"name": "r1", "on": "point", "weight": 1.0}]}
    game = toy_game(recipe)
    for action in (ScaleLearningRate("point", 0.5), SetWeight("r1", 3.0), SetTurns("point", 2)):
        apply(game, action)
    again = toy_game(recipe)
    restore_game(again, container.unpack(container.pack(game_state(game))))
    assert again.players["point"].learning_rate_factor == 0.5
    assert again.stage.charges[0].weight(again.clock.progress) == 3.0
    assert again.stage.phases[0].turns == 2
    play_round(game)
    play_round(again)
    assert torch.equal(weights(game, "point"), weights(again, "point"))


def test_a_run_saves_and_the_newest_checkpoint_resumes(tmp_path: Path) -> None:
    from ganlab import RunInfo
    from ganlab.engine.checkpoint_folder import CheckpointFolder

    game = toy_game(DIGITS)
    train(game, Run(RunInfo("toy", tmp_path, "", 1.0, tuple(game.players), "cpu")))
    state, _, problems = CheckpointFolder(tmp_path / "checkpoints").newest()
    again = toy_game(DIGITS)
    restore_game(again, state["game"])
    assert problems == []
    assert same(game, again)
