"""`ganlab run --seeds --vary`: every seed and setting is an ordinary run, as it is alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.conftest import Ask
from tests.cli.test_flow import measured, weights


def assert_near(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name, value in left.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            torch.testing.assert_close(value, right[name], rtol=1e-4, atol=1e-5)
        elif not isinstance(value, torch.Tensor):
            assert value == right[name], name


def test_each_seed_is_the_run_that_it_is_alone(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--seeds", "3-5", "--name", "x")
    assert answer.status == 0
    assert answer.out.splitlines()[:3] == ["runs/x-3", "runs/x-4", "runs/x-5"]
    assert "together" not in answer.err
    assert ask("run", "ring.toml", "--seed", 4, "--name", "alone").status == 0
    assert_near(weights(here / "runs/alone"), weights(here / "runs/x-4"))
    for mine, theirs in zip(measured(here / "runs/alone"), measured(here / "runs/x-4"), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-5)
    assert {line.split()[0] for line in ask("runs").out.splitlines()[1:]} == {"alone", "x-3", "x-4", "x-5"}
    assert ask("sample", "x-5", "--out", "x.png").status == 0
    assert "x-3 to x-5 | 0.0/2.56 kimg | cpu | generator, point" in answer.err


def test_each_setting_is_the_run_that_it_is_alone(here: Path, ask: Ask) -> None:
    rates, betas = "players.point.optimizer.lr=[1e-4, 2e-3]", "players.point.optimizer.betas=[[0.0, 0.99], [0.5, 0.9]]"
    answer = ask("run", "ring.toml", "--vary", rates, "--vary", betas, "--seeds", "1-2", "--name", "x")
    assert answer.status == 0
    assert "together" not in answer.err
    names = [
        f"x-{rate}-{beta}-{seed}" for rate in ("0.0001", "0.002") for beta in ("0.0-0.99", "0.5-0.9") for seed in "12"
    ]
    assert answer.out.splitlines()[:8] == [f"runs/{name}" for name in names]
    settings = ["--set", "players.point.optimizer.lr=2e-3", "--set", "players.point.optimizer.betas=[0.0, 0.99]"]
    assert ask("run", "ring.toml", "--seed", 2, "--name", "alone", *settings).status == 0
    assert_near(weights(here / "runs/alone"), weights(here / "runs/x-0.002-0.0-0.99-2"))
    for mine, theirs in zip(measured(here / "runs/alone"), measured(here / "runs/x-0.002-0.0-0.99-2"), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-5)


def test_settings_of_one_seed_whose_values_are_too_long_to_be_names_are_numbered(here: Path, ask: Ask) -> None:
    tables = "players.point.schedule=[{shape = 'cosine', warm_up_kimg = 1.0}, {shape = 'linear', warm_up_kimg = 2.0}]"
    assert ask("run", "ring.toml", "--vary", tables, "--seed", 5, "--name", "x").status == 0
    assert {path.name for path in (here / "runs").iterdir()} == {"x-0", "x-1"}
    assert "seed = 5" in (here / "runs/x-1/recipe.toml").read_text()


def test_the_first_is_shown_by_a_dry_run(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--seeds", "3-4", "--vary", "loss.name=['hinge', 'wasserstein']", "--dry-run")
    assert answer.status == 0
    assert "seed = 3\n" in answer.out
    assert 'name = "hinge"' in answer.out
    assert not (here / "runs").exists()


def test_one_of_them_is_resumed_alone(here: Path, ask: Ask) -> None:
    assert ask("run", "ring.toml", "--seeds", "0-1", "--name", "x", "--set", "budget_kimg=1.28").status == 0
    assert ask("resume", "x-1", "--set", "budget_kimg=2.56").status == 0
    assert ask("run", "ring.toml", "--seed", 1, "--name", "whole").status == 0
    assert_near(weights(here / "runs/whole"), weights(here / "runs/x-1"))


def test_programs_are_told_whose_tick_it_is(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--seeds", "0-1", "--name", "x", "--json")
    events = [json.loads(line) for line in answer.out.splitlines()]
    assert [(each["event"], each["run"]) for each in events[:4]] == [
        ("run", "x-0"),
        ("run", "x-1"),
        ("tick", "x-0"),
        ("tick", "x-1"),
    ]
    assert {(each["event"], each["run"]) for each in events[-2:]} == {("outcome", "x-0"), ("outcome", "x-1")}
    assert answer.err == ""


def test_what_cannot_be_played_as_one_says_why_and_is_played(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--seeds", "0-1", "--name", "x", "--set", "accumulate=2")
    assert answer.status == 0
    (note,) = [line for line in answer.problems if line.startswith("ganlab: note: ")]
    assert note == "ganlab: note: x-0 to x-1: played one after another, not together: batches are accumulated"
    assert [json.loads((here / f"runs/x-{seed}/outcome.json").read_text())["ending"] for seed in (0, 1)] == [
        "finished",
        "finished",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seeds", "3"], "'3' is no row of at most 1000 seeds; expected A-B, such as 0-15"),
        (["--seeds", "5-4"], "'5-4' is no row"),
        (["--seeds", "0-1000"], "'0-1000' is no row"),
        (["--seeds", "0-1", "--seed", "3"], "--seeds does not go with --seed"),
        (["--vary", "terms=3"], "--vary terms=3: expected a key and a list of values, such as"),
        (["--vary", "seed"], "--vary seed: expected a key and a list of values, such as"),
        (["--vary", "loss.name=[]"], "expected a key and a list of values"),
        (["--vary", "players.point.optimizer.lrr=[1, 2]"], "players.point.optimizer.lrr: unknown option. Did you mean"),
        (["--vary", "loss.smoothing=[0.1, 2]"], "loss.smoothing"),
        (["--vary", f"seed={list(range(40))}", "--seeds", "0-29"], "1200 runs at once; at most 1000 can be"),
    ],
)
def test_what_cannot_be_several_is_refused(here: Path, ask: Ask, words: list[str], told: str) -> None:
    answer = ask("run", "ring.toml", *words)
    assert answer.status == 2
    assert told in answer.err
    assert not (here / "runs").exists()


def test_a_name_that_is_taken_claims_none(here: Path, ask: Ask) -> None:
    assert ask("run", "ring.toml", "--seed", 1, "--name", "x-1").status == 0
    answer = ask("run", "ring.toml", "--seeds", "0-2", "--name", "x")
    assert answer.status == 2
    assert "a run 'x-1' exists in runs" in answer.err
    assert [path.name for path in (here / "runs").iterdir()] == ["x-1"]


def test_a_seed_that_diverges_tells_the_status(here: Path, ask: Ask) -> None:
    words = ["--set", "players.point.optimizer.lr=1e30", "--set", "loss.name=wasserstein"]
    answer = ask("run", "ring.toml", "--seeds", "0-1", "--name", "x", *words)
    assert answer.status == 7
    assert "ganlab: note: x-0: diverged: " in answer.err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_all_are_saved_when_asked_to_end(here: Path, ask: Ask, number: int, status: int) -> None:
    command = [sys.executable, "-m", "ganlab", "run", "ring.toml", "--seeds", "0-2", "--name", "x", "--json"]
    command += ["--set", "budget_kimg=1e6"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    for line in process.stdout:
        if '"event": "tick"' in line or '"event":"tick"' in line:
            break
    process.send_signal(number)
    try:
        process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == status
    samples = set()
    for seed in range(3):
        outcome = json.loads((here / f"runs/x-{seed}/outcome.json").read_text())
        assert outcome["ending"] == {130: "interrupted", 75: "terminated"}[status]
        samples.add(outcome["kimg"])
    assert len(samples) == 1
    assert ask("resume", "x-2", "--set", f"budget_kimg={samples.pop() + 0.5}").status == 0
