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
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from ganlab.cli import board, doctor
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


def curves(run: Path) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for path in run.glob("events.out.tfevents.*"):
        for event in map(Event.FromString, RawEventFileLoader(str(path)).Load()):
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_damaged_curves_are_drawn_again_from_the_record(here: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    both = "watch.reporters=[{name='jsonl'}, {name='tensorboard'}]"
    assert ask("run", "ring.toml", "--name", "x", "--set", both).status == 0
    run = here / "runs/x"
    before = curves(run)
    assert len(before["cost/generator"]) == 10
    (file,) = run.glob("events.out.tfevents.*")
    damaged = bytearray(file.read_bytes())
    damaged[3000] ^= 1
    file.write_bytes(bytes(damaged))
    monkeypatch.setattr(board, "launched", lambda directory, port: "there")
    monkeypatch.setattr(board, "Event", Interrupted)
    answer = ask("board", run, "--redraw")
    assert (answer.status, answer.err) == (0, "")
    assert curves(run) == before
    (kept,) = run.glob("before-redrawing-*")
    assert kept.read_bytes() == bytes(damaged)
    (run / "measurements.jsonl").write_text("")
    answer = ask("board", run, "--redraw")
    assert answer.status == 3
    assert curves(run) == before


class Interrupted:
    """Ctrl-C, as soon as somebody waits."""

    def wait(self) -> None:
        raise KeyboardInterrupt
