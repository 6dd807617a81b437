"""Two processes want one run's directory at the same moment: one has it, the other is told who, and harms nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ganlab.engine import container

RACES = 50

RACE = """
import json, os, select, sys
from pathlib import Path
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import GanlabError
from ganlab.values import Ending, Outcome, Progress

def starter(number, way, gate, result, release):
    os.read(gate, 1)  # nothing comes: both wake when the other end is closed
    path = Path("runs", f"run-{number}")
    try:
        if way == "run":
            directory = RunDirectory.claim(Path("runs"), path.name, "")
        else:
            directory = RunDirectory(path)
            directory.lock()
    except GanlabError as error:
        told = [type(error).__name__, error.exit_code, str(error), os.getpid()]
    else:
        directory.write("recipe.toml", f"seed = {os.getpid()}")
        told = ["won", 0, "", os.getpid()]
    os.write(result, json.dumps(told).encode() + b"\\n")
    if told[0] == "won":
        os.read(release, 1)  # it plays until the other has been answered
        directory.write_outcome(Outcome(Ending.FINISHED, "", Progress(1, 1), 1.0))
        directory.unlock()
    os._exit(0)

way = sys.argv[1]
for number in range(int(sys.argv[2])):
    if way == "resume":
        Path("runs", f"run-{number}").mkdir(parents=True)
    gate, release, result = os.pipe(), os.pipe(), os.pipe()
    children = []
    for _ in range(2):
        if (child := os.fork()) == 0:
            os.close(gate[1])
            os.close(release[1])
            starter(number, way, gate[0], result[1], release[0])
        children.append(child)
    os.close(result[1])
    os.close(gate[1])
    answers = b""
    while answers.count(b"\\n") < 2:
        answers += os.read(result[0], 4096)
    os.close(release[1])
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    for each in (gate[0], release[0], result[0]):
        os.close(each)
    print(json.dumps([[json.loads(each) for each in answers.splitlines()], statuses]), flush=True)
"""


@pytest.mark.parametrize("way", ["run", "resume"])
def test_of_two_starters_at_the_same_moment_one_is_refused_and_the_other_unharmed(tmp_path: Path, way: str) -> None:
    command = [sys.executable, "-c", RACE, way, str(RACES)]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True)
    races = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(races) == RACES
    for number, (answers, statuses) in enumerate(races):
        assert statuses == [0, 0]
        ((_, _, _, winner),) = [each for each in answers if each[0] == "won"]
        ((kind, code, sentence, _),) = [each for each in answers if each[0] != "won"]
        assert (kind, code) == ("BusyError", 8)
        assert f"process {winner} on {socket.gethostname()}" in sentence
        run = tmp_path / f"runs/run-{number}"
        assert tomllib.loads((run / "recipe.toml").read_text()) == {"seed": winner}
        assert json.loads((run / "outcome.json").read_text())["ending"] == "finished"
        assert sorted(path.name for path in run.iterdir()) == ["lock", "outcome.json", "recipe.toml"]
    assert len(list((tmp_path / "runs").iterdir())) == RACES


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "ganlab", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )


def race(folder: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """The winner and what was said to the other, once both have ended."""
    both = [started(folder, *words) for _ in range(2)]
    told = {each.pid: each.communicate(timeout=120) for each in both}
    assert sorted(each.returncode for each in both) == [0, 8], told
    first, second = sorted(both, key=lambda each: each.returncode)
    out, err = told[second.pid]
    assert out == ""
    (line,) = err.splitlines()
    assert re.fullmatch(
        rf"ganlab: error\[E-BUSY\]: .+ process {first.pid} on {re.escape(socket.gethostname())}; .+", line
    )
    return first, line


def check_unharmed(run: Path, lives: int, kimg: float) -> None:
    outcome = json.loads((run / "outcome.json").read_text())
    assert (outcome["ending"], outcome["kimg"]) == ("finished", kimg)
    lines = [json.loads(line) for line in (run / "measurements.jsonl").read_text().splitlines()]
    assert [line["kimg"] for line in lines] == sorted({line["kimg"] for line in lines})
    assert lines[-1]["kimg"] == kimg
    for path in (run / "checkpoints").iterdir():
        container.read(path)
    assert len(json.loads((run / "provenance.json").read_text())["lineage"]) == lives
    assert not (run / "crash.log").exists()
    assert not list(run.rglob("*.tmp.*"))


def test_two_real_runs_of_one_name_and_two_real_resumes(here: Path) -> None:
    """`ganlab run` for two names, and then `ganlab resume`, each twice in the same second."""
    for name in ("x", "y"):
        race(here, "run", "ring.toml", "--name", name)
        check_unharmed(here / "runs" / name, 1, 2.56)
    race(here, "resume", "x", "--set", "budget_kimg=5.12")
    check_unharmed(here / "runs/x", 2, 5.12)


def test_a_name_that_is_taken_by_a_finished_run_is_another_mistake(here: Path, played: Path) -> None:
    shutil.copytree(played, here / "runs")
    process = started(here, "run", "ring.toml", "--name", "first")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "ganlab resume first" in err
