"""Runs are killed by a real SIGKILL, at random moments and inside their saves, more than two hundred times.

Every run goes on until it has finished, and is then what an unbroken run is: every bit of the game, every line of the
record, every curve and every sheet. `benchmarks/kills.py` does the same to the real command line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ganlab.engine.stream import BatchStream
from tests.faults.everything import lives, pictures_in

ROOT = Path(__file__).parents[2]


def after_kills(*options: str) -> dict[str, Any]:
    """What the fork server says of so many kills."""
    command = [sys.executable, "-m", "tests.faults.fork_server", *options]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=one_thread, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_that_is_killed_ninety_times_loses_nothing(seed: int) -> None:
    told = after_kills("--kills", "90", "--seed", str(seed))
    assert told["wrong"] == []
    assert told["kills"] >= 90
    assert told["half written"] >= 3, "no kill came while a file was being written"


def test_a_run_that_reads_its_data_by_threads_loses_nothing_either() -> None:
    told = after_kills("--kills", "30", "--seed", "2", "--streamed")
    assert told["wrong"] == []
    assert told["kills"] >= 30


def test_the_streamed_run_does_read_by_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.faults.everything import RECIPE

    read_ahead = []
    awaited = BatchStream._awaited
    monkeypatch.setattr(BatchStream, "_awaited", lambda stream: read_ahead.append(1) or awaited(stream))
    recipe = {**RECIPE, "dataset": pictures_in(tmp_path / "pictures"), "budget_kimg": 0.016, "stages": []}
    (tmp_path / "runs").mkdir()
    lives(tmp_path / "runs", recipe).live()
    assert read_ahead
