"""Run, resume, sample, look: on the smallest game."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.cli.playing import next_commands
from ganlab.engine.checkpoint_folder import CheckpointFolder
from tests.cli.conftest import Ask


def weights(run: Path) -> dict[str, Any]:
    """All that the newest checkpoint knows of the players, by a flat name."""

    def flat(node: Any, where: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            return {where: node}
        return {name: each for key, value in node.items() for name, each in flat(value, f"{where}/{key}").items()}

    state, _, _ = CheckpointFolder(run / "checkpoints").newest()
    return flat(state["game"]["players"], "")


def assert_equal(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name, value in left.items():
        same = torch.equal(value, right[name]) if isinstance(value, torch.Tensor) else value == right[name]
        assert same, name


def measured(run: Path) -> list[dict[str, Any]]:
    """The record of measurements, without the times."""
    lines = map(json.loads, (run / "measurements.jsonl").read_text().splitlines())
    return [
        {key: value for key, value in line.items() if key not in ("seconds", "images_per_second")} for line in lines
    ]


def test_a_run_ends_with_its_place_and_three_commands_that_work(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--name", "x")
    assert answer.status == 0
    place, *commands = answer.out.splitlines()
    assert place == "runs/x"
    assert [command.split()[:2] for command in commands] == [
        ["ganlab", "sample"],
        ["ganlab", "board"],
        ["ganlab", "resume"],
    ]
    assert ask(*commands[0].split()[1:]).status == 0
    assert (here / "x.png").is_file()
    assert ask(*commands[2].split()[1:]).status == 0
    assert json.loads((here / "runs/x/outcome.json").read_text())["kimg"] == 5.12


def test_a_run_without_a_name_is_called_after_its_recipe(here: Path, ask: Ask) -> None:
    for _ in range(2):
        assert ask("run", "ring.toml", "--set", "budget_rounds=1", "--set", "budget_kimg=1e-9").status == 2
    (here / "one.toml").write_text((here / "ring.toml").read_text().replace("budget_kimg = 2.56", "budget_rounds = 1"))
    for _ in range(2):
        assert ask("run", "one.toml").status == 0
    names = [path.name for path in (here / "runs").iterdir()]
    assert len(names) == 2
    assert all(name.startswith("one-") for name in names)


def test_a_dry_run_prints_the_recipe_that_the_run_keeps(here: Path, ask: Ask, played: Path) -> None:
    printed = ask("run", "ring.toml", "--seed", 0, "--dry-run").out
    assert tomllib.loads(printed) == tomllib.loads((played / "first/recipe.toml").read_text())
    assert not (here / "runs").exists()


def test_a_recipe_from_a_run_repeats_the_run(here: Path, ask: Ask, played: Path) -> None:
    assert ask("run", played / "first/recipe.toml", "--name", "again").status == 0
    assert_equal(weights(here / "runs/again"), weights(played / "first"))
    assert measured(here / "runs/again") == measured(played / "first")


def test_a_raised_budget_goes_on_bit_for_bit(here: Path, ask: Ask, played: Path) -> None:
    assert ask("run", "ring.toml", "--name", "x", "--set", "budget_kimg=1.28").status == 0
    answer = ask("resume", "x", "--set", "budget_kimg=2.56")
    assert answer.status == 0
    assert "ganlab: note: budget_kimg was 1.28, is 2.56" in answer.problems
    assert not any("not bit-exact" in line for line in answer.problems)
    assert_equal(weights(here / "runs/x"), weights(played / "first"))
    assert measured(here / "runs/x") == measured(played / "first")
    assert ask("resume", "x").out.startswith("run 'x' is finished")


@pytest.mark.parametrize(
    ("number", "status", "ending"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 75, "terminated")]
)
def test_an_interrupted_run_goes_on_bit_for_bit(
    here: Path, ask: Ask, played: Path, monkeypatch: pytest.MonkeyPatch, number: str, status: int, ending: str
) -> None:
    from ganlab.engine import loop

    play_round = loop.play_round
    with monkeypatch.context() as patch:

        def and_ask_to_end(game: Any) -> None:
            play_round(game)
            if game.clock.round == 7:
                os.kill(os.getpid(), signal.Signals[number])

        patch.setattr(loop, "play_round", and_ask_to_end)
        answer = ask("run", "ring.toml", "--name", "x")
    assert answer.status == status
    assert answer.out.splitlines()[1] == "  ganlab resume x"
    told = json.loads((here / "runs/x/outcome.json").read_text())
    assert (told["ending"], told["round"]) == (ending, 7)
    assert ask("resume", "x").status == 0
    assert_equal(weights(here / "runs/x"), weights(played / "first"))
    assert measured(here / "runs/x") == measured(played / "first")
    began, went_on = json.loads((here / "runs/x/provenance.json").read_text())["lineage"]
    assert began["from"] is None
    assert (went_on["from"]["kimg"], went_on["from"]["round"]) == (0.896, 7)
    assert (went_on["notes"], went_on["changes"], went_on["allowed"]) == ([], {}, [])


def test_a_finished_run_says_so_and_stays_as_it_is(ask: Ask, played: Path) -> None:
    before = {path: path.read_bytes() for path in played.rglob("*") if path.is_file()}
    answer = ask("resume", played / "first")
    assert answer.status == 0
    assert "--set budget_kimg=5.12" in answer.out
    assert {path: path.read_bytes() for path in played.rglob("*") if path.is_file()} == before


def test_a_run_does_not_go_on_with_other_data(
    here: Path, ask: Ask, played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganlab.builtin.datasets.mixtures import Mixture

    shutil.copytree(played, here / "runs")
    monkeypatch.setattr(Mixture, "fingerprint", lambda self: "other")
    answer = ask("resume", "first", "--set", "budget_kimg=5")
    assert answer.status == 3
    assert "have changed" in answer.problems[-1]


def test_a_diverged_run_ends_with_seven(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--name", "x", "--set", "players.generator.optimizer.lr=1e30")
    assert answer.status == 7
    assert ask("runs", "--json").json()["runs"][0]["ending"] == "diverged"
    assert len(answer.out.splitlines()) == 4


def test_json_is_one_object_a_line_from_the_run_to_its_outcome(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--name", "x", "--json")
    events = [json.loads(line) for line in answer.out.splitlines()]
    assert events[0] == {"event": "run", "run": "x", "directory": "runs/x"}
    assert [each["event"] for each in events[1:]] == ["tick"] * 10 + ["outcome"]
    assert events[-1]["ending"] == "finished"
    assert answer.err == ""


def test_runs_are_listed_with_how_they_ended_and_how_they_are(ask: Ask, played: Path) -> None:
    (run,) = ask("runs", "--runs", played, "--json").json()["runs"]
    assert (run["run"], run["recipe"], run["kimg"]) == ("first", "ring", 2.56)
    assert (run["ending"], run["health"]) == ("finished", "no monitors")
    heads, row = ask("runs", "--runs", played).out.splitlines()
    assert heads.split() == ["run", "recipe", "kimg", "ending", "health", "time"]
    assert row.split()[:4] == ["first", "ring", "2.6", "finished"]


def test_the_latest_finding_that_matters_is_a_run_s_health(here: Path, ask: Ask, played: Path) -> None:
    shutil.copytree(played, here / "runs")
    findings = [("critical", 1.0, "a"), ("warning", 2.0, "b"), ("note", 3.0, "c")]
    lines = [json.dumps({"severity": severity, "kimg": kimg, "monitor": name}) for severity, kimg, name in findings]
    (here / "runs/first/findings.jsonl").write_text("\n".join(lines) + '\n{"torn')
    assert ask("runs", "--json").json()["runs"][0]["health"] == "warning at 2.0 kimg: b"


def test_no_runs_are_no_mistake(here: Path, ask: Ask) -> None:
    assert ask("runs", "--json").json() == {"runs": []}
    assert "ganlab run" in ask("runs").out


def test_a_thousand_runs_are_listed_in_a_second(here: Path, played: Path) -> None:
    files = ("recipe.toml", "provenance.json", "outcome.json", "findings.jsonl", "lock")
    for number in range(1000):
        folder = here / "runs" / f"run-{number:04d}"
        folder.mkdir(parents=True)
        for name in files:
            (folder / name).hardlink_to(played / "first" / name)
    child = [sys.executable, "-m", "ganlab", "runs"]
    before = os.times()
    listed = subprocess.run(child, capture_output=True, text=True, check=True).stdout
    after = os.times()
    assert len(listed.splitlines()) == 1001
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 1.0


def test_two_runs_are_compared_by_recipe_and_by_measurement(here: Path, ask: Ask, played: Path) -> None:
    shutil.copytree(played, here / "runs")
    assert ask("run", "ring.toml", "--name", "second", "--seed", 3, "--set", "batch_size=64").status == 0
    told = ask("compare", "first", "second", "--json").json()
    assert told["recipe"] == {"batch_size": [128, 64], "seed": [0, 3]}
    first, second = told["measurements"]["cost/generator"]
    assert [line["cost/generator"] for line in measured(here / "runs/first")] == first["series"]
    assert second["final"] == second["series"][-1]
    text = ask("compare", "first", "second").out
    assert "batch_size" in text
    assert any(block in text for block in "▁▂▃▄▅▆▇█")
    assert "the recipes are the same" in ask("compare", "first", "first").out


def test_output_into_a_closed_pipe_ends_quietly(played: Path) -> None:
    command = (
        f"{sys.executable} -m ganlab plugins list losses | true; {sys.executable} -m ganlab runs --runs {played} >&-"
    )
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert answer.stderr == ""
    assert answer.returncode == 0


def test_the_next_commands_say_where_the_run_is(played: Path) -> None:
    from ganlab.assemble.run_directory import RunDirectory
    from ganlab.recipe import parse, read_toml
    from ganlab.values import Ending

    recipe = parse(read_toml(played / "first/recipe.toml"))
    for ending in Ending:
        commands = next_commands(RunDirectory(played / "first"), recipe, ending)
        assert len(commands) == 3
        assert all(str(played) in command for command in commands)
