"""Whatever stands where a checkpoint belongs: it is refused in one line, nothing in it runs, nothing is allocated that
it merely declares, and the run stays as it was."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.payloads import PAYLOADS

ROOT = Path(__file__).parents[2]

MOST_MEMORY = 2 << 30
MOST_SECONDS = 5.0


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process of its own says that has tried them all."""
    folder = tmp_path_factory.mktemp("payloads")
    shutil.copytree(Path(__file__).parent / "golden/run-format-2", folder / "good")
    words = [sys.executable, "-m", "tests.engine.payloads", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert [each["status"] for each in found["first"]] == [0, 0], found["first"]
    return found


def test_memory_stays_under_two_gigabytes(told: dict[str, Any]) -> None:
    assert told["most memory"] < MOST_MEMORY
    assert [each["name"] for each in told["tried"]] == list(PAYLOADS)
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_refused_in_one_line_and_nothing_happens(told: dict[str, Any], name: str) -> None:
    tried = next(each for each in told["tried"] if each["name"] == name)
    assert tried["as it was"]
    for answer in tried["answers"]:
        (line,) = answer["err"].splitlines()
        assert re.match(r"ganlab: error\[E-CHECKPOINT\]: \S", line)
        assert line.isprintable()
        assert len(line) < 500
        assert (answer["status"], answer["out"]) == (4, "")
        assert answer["seconds"] < MOST_SECONDS
