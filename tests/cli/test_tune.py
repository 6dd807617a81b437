"""`ganlab tune` as it is typed: begun, interrupted, looked at, gone on with, and its mistakes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganlab.cli import main
from tests.tune.studies import FAKE

RATE = "players.generator.optimizer.lr"
STUDY = ("ring", "--set", "budget_rounds=40", "--set", "batch_size=250", "--search", f"{RATE}=log:1e-5..1e-2")

FAKED = f"""
import sys
from ganlab.tune import child, lead
child.PROGRAM = {FAKE!r}
lead.PROGRAM = (sys.executable, __file__)
from ganlab.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def faked(tmp_path: Path) -> list[str]:
    """The command line, whose runs take a tenth of a second."""
    script = tmp_path / "faked.py"
    script.write_text(FAKED)
    return [sys.executable, str(script)]


def run(faked: list[str], folder: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*faked, *arguments], cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_study_is_played_looked_at_and_its_best_setting_written_as_a_recipe(faked: list[str], tmp_path: Path) -> None:
    told = run(faked, tmp_path, "tune", *STUDY, "--trials", "5", "--seeds", "2", "--workers", "2").stdout
    assert told.startswith("ring | 5 trials of 2 seeds | mmd | ring\n")
    assert "trial 0 | complete" in told
    assert "the recipe as it is" in told
    status = json.loads(run(faked, tmp_path, "tune", "status", "ring", "--json").stdout)
    assert len(status["rows"]) >= 5
    assert status["states"].get("running", 0) == 0
    best = json.loads(run(faked, tmp_path, "tune", "best", "ring", "--export", "best.toml", "--json").stdout)["best"]
    assert best["score"] == min(row["score"] for row in status["rows"] if row["state"] == "complete")
    run(faked, tmp_path, "run", "best.toml", "--dry-run")
    assert f"lr = {best['settings'][RATE]}" in (tmp_path / "best.toml").read_text()
    assert "stop" not in (tmp_path / "best.toml").read_text()
    again = run(faked, tmp_path, "tune", "best", "ring", "--export", "best.toml", status=2)
    assert "is there already" in again.stderr
    longer = run(faked, tmp_path, "tune", *STUDY, "--trials", "7", "--seeds", "2").stdout
    assert "going on after" in longer
    other = run(faked, tmp_path, "tune", *STUDY, "--search", "terms.r1.weight", "--seeds", "2", status=2)
    assert "space: was without terms.r1.weight" in other.stderr
    (tmp_path / "tune/ring/study.db").write_bytes(b"no database")
    damaged = run(faked, tmp_path, "tune", "status", "ring", status=6)
    assert "'ganlab tune rebuild" in damaged.stderr
    assert "trials found" in run(faked, tmp_path, "tune", "rebuild", "ring").stdout
    rebuilt = json.loads(run(faked, tmp_path, "tune", "status", "ring", "--json").stdout)
    assert rebuilt["best"]["score"] == best["score"] or len(rebuilt["rows"]) > 5
    assert rebuilt["baseline"]["score"] == status["baseline"]["score"]


def test_ctrl_c_ends_all_and_the_same_command_goes_on(faked: list[str], tmp_path: Path) -> None:
    arguments = [*faked, "tune", *STUDY, "--trials", "40", "--seeds", "2"]
    process = subprocess.Popen(
        arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not list(tmp_path.glob("tune/ring/trials/*/trial.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    before = {path.parent.name: path.read_bytes() for path in tmp_path.glob("tune/ring/trials/*/trial.json")}
    run(faked, tmp_path, "tune", *STUDY, "--trials", str(len(before) + 1), "--seeds", "2")
    for name, kept in before.items():
        assert (tmp_path / f"tune/ring/trials/{name}/trial.json").read_bytes() == kept
    status = json.loads(run(faked, tmp_path, "tune", "status", "ring", "--json").stdout)
    assert "running" not in status["states"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["tune", "ring"], "what is to be searched"),
        (["tune", "rign", "--search", "batch_size"], "Did you mean 'ring'"),
        (["tune", "ring", "--search", "batch_sizes=1..2"], "batch_sizes"),
        (["tune", "ring", "--search", "batch_size=0..0.5"], "batch_size"),
        (["tune", "nosuch.py"], "cannot be read"),
        (["tune", "status", "nosuch"], "no study 'nosuch'"),
        (["tune", "worker", "nosuch"], "no study 'nosuch'"),
        (["tune", "best", "nosuch"], "no study 'nosuch'"),
        (
            ["tune", "ring", "--search", "batch_size", "--storage", "postgresql://a:b@c/d"],
            "a password there can be read",
        ),
        (["tune", "ring", "--search", "batch_size", "--storage", "nosuch://c/d"], "is no address of a database"),
        (["tune", "ring", "--search", "batch_size", "--name", "../x"], "is no name"),
    ],
)
def test_mistakes_are_told_in_one_line(
    arguments: list[str],
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    errors = capfd.readouterr().err
    assert problem in errors
    assert errors.count("\n") == 1


def test_help_needs_neither_optuna_nor_torch() -> None:
    code = "import sys, ganlab.cli as c; c.main(['tune', '--help']); print({'optuna', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
    for name in ("worker", "status", "best", "retry", "report"):
        assert f"  {name}" in done.stdout


def test_a_study_of_real_runs_whose_seeds_are_played_together(tmp_path: Path) -> None:
    """The ring, too short to learn anything."""
    real = [sys.executable, "-m", "ganlab"]
    settings = ("budget_rounds=30", "batch_size=32", "watch.monitors=[]", "watch.picture_every=1000")
    study = ["tune", "ring", *(part for each in settings for part in ("--set", each)), "--search", "loss"]
    told = run(real, tmp_path, *study, "--trials", "1", "--seeds", "3", "--together").stdout
    assert "trial 0 | complete" in told
    folder = tmp_path / "tune/ring/trials/0000"
    outcomes = [json.loads((folder / f"seed-{seed}/outcome.json").read_text()) for seed in range(3)]
    assert [each["round"] for each in outcomes] == [30, 30, 30]
    assert (folder / "seeds.log").read_text() == ""
    row = json.loads(run(real, tmp_path, "tune", "status", "ring", "--json").stdout)["rows"][0]
    assert len({each["value"] for each in row["results"]}) == 3
    repeated = shlex.split(row["commands"][2].replace(" --name seed-2", " --name again"))[1:]
    run(real, tmp_path, *repeated)
    again = (folder / "again/measurements.jsonl").read_text().splitlines()
    assert json.loads(again[-1])["mmd@flatten"] == pytest.approx(row["results"][2]["value"], abs=1e-3)
