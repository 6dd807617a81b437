"""The benchmark of modes: its plan, its runs, and what it says of them."""

from __future__ import annotations

import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganlab.assemble.run_directory import RunDirectory
from ganlab.bench.plan import Game, Plan, Player, read_plan, recipe_of
from ganlab.bench.playing import play, scores
from ganlab.bench.results import benchmark
from ganlab.bench.scores import mean, rows, summary
from ganlab.errors import RecipeError
from ganlab.plugins import Plugins
from ganlab.values import Ending

RING = """
budget_rounds = 20
batch_size = 32
task = {name = "unconditional", latent_size = 4}
dataset = {name = "ring"}
loss = {name = "non-saturating"}
[players.generator]
architecture = {name = "mlp", width = 16, depth = 1}
optimizer = {name = "adam", lr = 1e-3}
[players.point]
architecture = {name = "mlp", width = 16, depth = 1}
optimizer = {name = "adam", lr = 1e-3}
"""

WATCH = ('watch.diagnostics=[{name="modes", count=500}]', 'watch.reporters=[{name="jsonl"}]', "watch.tick_kimg=1e6")


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """One game of twenty rounds, whose baseline learns at another rate."""
    for name, rate in (("recipe", "1e-3"), ("baseline", "1e-2")):
        (tmp_path / f"{name}.toml").write_text(RING.replace("1e-3", rate))
    players = tuple(Player(name, tmp_path / f"{name}.toml") for name in ("recipe", "baseline"))
    return Plan(
        (
            Game(
                "tiny",
                "a ring",
                8,
                players,
                (),
                ("modes", "high-quality", "reverse-kl"),
                {"modes": 8, "reverse-kl": 0.05},
            ),
        ),
        WATCH,
    )


def files(folder: Path) -> dict[str, bytes]:
    """What lies below, but what every process that looks at a run may touch."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def reached(report: dict[str, Any]) -> list[tuple[float, float, float]]:
    """The scores of every run of a report."""
    runs = [run for player in report["players"].values() for run in player["runs"]]
    return [(run["modes"], run["high-quality"], run["reverse-kl"]) for run in runs]


@pytest.mark.parametrize("game", read_plan("modes").games, ids=lambda game: game.name)
def test_both_players_of_a_game_are_measured_alike_on_the_same_data_for_as_long(game: Game, plugins: Plugins) -> None:
    ours, theirs = (recipe_of(read_plan("modes"), game, player, ["seed=3"], plugins) for player in game.players)
    assert (ours.seed, theirs.seed) == (3, 3)
    for name in ("dataset", "watch", "kimg", "batch_size", "budget_rounds"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.watch.diagnostics[0].options["count"] == 25_600
    for player in ours.players:
        mine, other = ours.players[player].architecture, theirs.players[player].architecture
        assert (mine.name, mine.options["width"]) == (other.name, other.options["width"])


@pytest.mark.parametrize(("name", "share"), [("half", 2), ("quarter", 4)])
def test_a_small_discriminator_is_as_small_as_its_name_says(name: str, share: int, plugins: Plugins) -> None:
    plan = read_plan("modes")
    (game,) = plan.chosen([f"stacked-digits-{name}"])
    for player in game.players:
        players = recipe_of(plan, game, player, [], plugins).players
        image, generator = (players[each].architecture.options["width"] for each in ("image", "generator"))
        assert image * share == generator


def test_a_game_that_does_not_exist_is_said_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match=r"no game named 'rings'\. Did you mean 'ring'"):
        read_plan("modes").chosen(["rings"])
    assert [game.name for game in read_plan("modes").chosen(["grid", "ring"])] == ["ring", "grid"]


def test_means_have_the_standard_error_of_a_mean() -> None:
    assert mean([1.0, 2.0, 3.0, 4.0]) == pytest.approx((2.5, math.sqrt(5 / 3) / 2))
    value, error = mean([7.0])
    assert value == 7.0
    assert math.isnan(error)


def test_a_bar_is_held_by_the_mean_and_divergence_is_better_if_less(plan: Plan) -> None:
    runs = [{"modes": 8.0, "reverse-kl": 0.05}, {"modes": 8.0, "reverse-kl": 0.03}]
    game = replace(plan.games[0], scores=("modes", "reverse-kl"))
    assert summary(game, runs)["bars"] == {"modes": True, "reverse-kl": True}
    found = summary(game, [*runs, {"modes": 7.0, "reverse-kl": 0.10}])
    assert found["bars"] == {"modes": False, "reverse-kl": False}
    assert found["worst modes"] == 7.0
    (row,) = rows(game, {"recipe": {"summary": found}, "baseline": {"summary": {}}})
    assert row == ["tiny", "3", "7.7 ± 0.3 of 8", "-", "0.0600 ± 0.0208", "missed: modes >= 8, reverse-kl <= 0.05"]


def test_a_benchmark_leaves_runs_and_a_report_and_plays_nothing_twice(
    plan: Plan, plugins: Plugins, tmp_path: Path
) -> None:
    told: list[str] = []
    found, ending = benchmark(plan, plan.games, 2, tmp_path / "out", plugins, tell=told.append)
    assert ending is Ending.FINISHED
    assert json.loads((tmp_path / "out/tiny.json").read_text()) == found["tiny"]
    assert [line.split(":")[0] for line in told] == [
        f"tiny-{player}-{seed}" for seed in (0, 1) for player in ("recipe", "baseline")
    ]
    last = RunDirectory(tmp_path / "out/runs/tiny-recipe-1").measurements()[-1]
    run = found["tiny"]["players"]["recipe"]["runs"][1]
    assert (run["modes"], run["reverse-kl"]) == (last["modes"], last["modes/reverse-kl"])
    assert len(set(reached(found["tiny"]))) > 2
    before = files(tmp_path / "out")
    again, _ = benchmark(plan, plan.games, 2, tmp_path / "out", plugins)
    assert again == found
    assert files(tmp_path / "out") == before


def test_a_benchmark_that_is_interrupted_goes_on_and_ends_as_if_it_had_not_been(
    plan: Plan, plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganlab.engine import loop

    play_round = loop.play_round
    rounds = iter(range(1000))

    def and_ask_to_end(game: Any) -> None:
        play_round(game)
        if next(rounds) == 27:  # the eighth round of the second run
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "play_round", and_ask_to_end)
        found, ending = benchmark(plan, plan.games, 1, tmp_path / "broken", plugins)
    assert ending is Ending.INTERRUPTED
    assert [len(player["runs"]) for player in found["tiny"]["players"].values()] == [1, 0]
    assert RunDirectory(tmp_path / "broken/runs/tiny-baseline-0").ending() == "interrupted"
    found, ending = benchmark(plan, plan.games, 1, tmp_path / "broken", plugins)
    assert ending is Ending.FINISHED
    assert reached(found["tiny"]) == reached(benchmark(plan, plan.games, 1, tmp_path / "whole", plugins)[0]["tiny"])


def test_results_of_another_recipe_are_not_mixed_in(plan: Plan, plugins: Plugins, tmp_path: Path) -> None:
    benchmark(plan, plan.games, 1, tmp_path / "out", plugins)
    before = files(tmp_path / "out")
    with pytest.raises(RecipeError, match=r"tiny-recipe-0: plays another recipe \(batch_size\); give another --out"):
        benchmark(plan, plan.games, 1, tmp_path / "out", plugins, settings=["batch_size=16"])
    assert files(tmp_path / "out") == before


def test_a_run_that_diverges_has_reached_nothing(plan: Plan, plugins: Plugins, tmp_path: Path) -> None:
    (game,) = plan.games
    recipe = recipe_of(plan, game, game.players[0], ["players.generator.optimizer.lr=1e30"], plugins)
    found = play(recipe, plugins, tmp_path, "x", game)
    assert not isinstance(found, Ending)
    assert (found["ending"], found["modes"], found["reverse-kl"]) == (Ending.DIVERGED, 0.0, math.log(8))


def test_a_generator_that_hits_no_mode_diverges_as_far_as_can_be(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "outcome.json").write_text(
        '{"ending": "finished", "sentence": "", "kimg": 1.0, "round": 1, "fraction": 1.0, "seconds": 1.0}'
    )
    line = '{"kimg": 1.0, "modes": 0.0, "modes/high-quality": 0.0, "modes/reverse-kl": "Infinity"}\n'
    (tmp_path / "measurements.jsonl").write_text(line)
    found = scores(RunDirectory(tmp_path), replace(plan.games[0], modes=25))
    assert (found["modes"], found["high-quality"], found["reverse-kl"]) == (0.0, 0.0, math.log(25))


def test_scores_are_read_whatever_network_they_were_measured_with(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "outcome.json").write_text(
        '{"ending": "finished", "sentence": "", "kimg": 1.0, "round": 1, "fraction": 1.0, "seconds": 1.0}'
    )
    line = '{"kimg": 1.0, "modes@digits-cnn-v1": 998.0, "modes/reverse-kl@digits-cnn-v1": 0.05}\n'
    (tmp_path / "measurements.jsonl").write_text(line)
    found = scores(RunDirectory(tmp_path), replace(plan.games[0], modes=1000, scores=("modes", "reverse-kl")))
    assert found == {"ending": "finished", "seconds": 1.0, "modes": 998.0, "reverse-kl": 0.05}
