"""`--from healthy`: a run that went wrong goes on, is sampled and exported from before it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ganlab.engine import container
from ganlab.engine.checkpoint_folder import CheckpointFolder
from tests.cli.conftest import RING, Ask

MONITORS = """monitors = [{name = "lost-coverage", measurement = "learning-rate/generator", arm = 1e-9}]"""
FALLING = "checkpoint_seconds = 1e-6" + RING.replace("ema_half_life_kimg = 1", "schedule = {shape = 'linear'}").replace(
    "monitors = []", MONITORS
)
"""The learning rate falls, and a monitor that takes it for a coverage finds a collapse, always at the same tick."""


@pytest.fixture
def sick(here: Path, ask: Ask) -> Path:
    """A run that was found to have collapsed."""
    (here / "falls.toml").write_text(FALLING)
    assert ask("run", here / "falls.toml", "--name", "falls").status == 0
    return here / "runs/falls"


def finding(run: Path) -> dict[str, Any]:
    (line,) = (run / "findings.jsonl").read_text().splitlines()
    told: dict[str, Any] = json.loads(line)
    return told


def kimg(path: Path) -> float:
    return int(path.name.partition(".")[0]) / 1000


def test_beside_the_two_newest_a_checkpoint_from_before_the_trouble_is_kept(sick: Path) -> None:
    *newest, healthy = CheckpointFolder(sick / "checkpoints").generations()
    assert len(newest) == 2
    assert all(kimg(each) >= finding(sick)["began_kimg"] for each in newest)
    assert kimg(healthy) < finding(sick)["began_kimg"]


def test_samples_and_exports_come_from_the_healthy_one_if_asked_for(sick: Path, ask: Ask) -> None:
    healthy = CheckpointFolder(sick / "checkpoints").generations()[-1]
    told = ask("sample", "falls", "--from", "healthy", "--out", "s.npz", "--count", "4")
    assert told.status == 0
    assert f"at {kimg(healthy):g} kimg" in told.out
    assert f"at {kimg(healthy):g} kimg" in ask("export", "falls", "--from", "healthy", "--out", "exported").out
    assert "at 2.56 kimg" in ask("sample", "falls", "--out", "t.npz", "--count", "4").out
    refused = ask("sample", "exported", "--from", "healthy", "--out", "u.npz")
    assert refused.status == 2
    assert "export the run itself" in refused.err


def test_a_run_goes_back_with_a_change_and_what_came_after_is_kept_aside(sick: Path, ask: Ask) -> None:
    folder = CheckpointFolder(sick / "checkpoints")
    *left_behind, healthy = folder.generations()
    record = (sick / "measurements.jsonl").read_bytes()
    answer = ask(
        "resume", "falls", "--from", "healthy", "--allow", "recipe", "--set", "players.generator.schedule.final=0.9"
    )
    assert answer.status == 0, answer.err
    for each in left_behind:
        assert each.with_name(f"{each.name}.sick").exists()
    assert (sick / "measurements-1.jsonl").read_bytes() == record
    lines = [json.loads(line) for line in (sick / "measurements.jsonl").read_text().splitlines()]
    assert [line["kimg"] for line in lines] == sorted({line["kimg"] for line in lines})
    assert lines[-1]["kimg"] == 2.56
    assert (sick / "findings.jsonl").read_text() == ""
    assert json.loads((sick / "provenance.json").read_text())["lineage"][-1]["from"]["kimg"] == kimg(healthy)


def test_a_run_that_was_never_healthy_says_so_and_stays_as_it_is(sick: Path, ask: Ask) -> None:
    folder = CheckpointFolder(sick / "checkpoints")
    for path in folder.generations():
        tree = container.read(path)
        tree["game"]["health"]["spells"] = [["lost-coverage", "", 0.0, None]]
        path.write_bytes(container.pack(tree))
    kept = sorted(folder.directory.iterdir())
    answer = ask("resume", "falls", "--from", "healthy")
    assert answer.status == 4
    assert "no checkpoint left from before its trouble (lost-coverage)" in answer.err
    assert sorted(folder.directory.iterdir()) == kept
