"""What the machine has, and TensorBoard on it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from ganlab.cli import doctor
from tests.cli.conftest import Ask


def test_the_doctor_tries_every_library_and_plugin(ask: Ask) -> None:
    answer = ask("doctor", "--json")
    report = answer.json()
    assert (answer.status, report["problems"]) == (0, [])
    assert report["libraries"].keys() == doctor.LIBRARIES.keys()
    assert report["processor"]["usable"] >= 1
    assert "no problems" in ask("doctor").out


def test_the_doctor_names_what_does_not_work(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LIBRARIES", {"nonesuch": "nonesuch"})
    answer = ask("doctor")
    assert answer.status == 5
    assert "problem: nonesuch: ModuleNotFoundError" in answer.out


def test_the_board_serves_the_runs_until_it_is_interrupted(played: Path) -> None:
    """On the loopback alone, without torch."""
    code = (
        "import sys; from ganlab.cli import main; status = main(['board', sys.argv[1], '--port', '0']);"
        "sys.exit(status if 'torch' not in sys.modules else 99)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(played)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        found = re.match(r"http://127\.0\.0\.1:\d+/", child.stdout.readline())
        assert found is not None
        with urlopen(found[0] + "data/plugins_listing", timeout=30) as answer:
            assert b"images" in answer.read()
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(30) == 0
    finally:
        child.kill()
        child.communicate()
