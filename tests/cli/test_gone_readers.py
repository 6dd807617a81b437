"""Nobody is there to read what is printed: streams that were closed, a pipe that ended, a terminal that hung up."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganlab.engine import container

GANLAB = [sys.executable, "-m", "ganlab"]


def whole_files(run: Path) -> dict[str, object]:
    """The outcome of a run in whose files nothing strange was printed."""
    for path in (run / "checkpoints").iterdir():
        container.read(path)
    assert (run / "lock").read_text().startswith("process ")
    for line in (run / "measurements.jsonl").read_text().splitlines():
        assert "kimg" in json.loads(line)
    assert not (run / "crash.log").exists()
    outcome: dict[str, object] = json.loads((run / "outcome.json").read_text())
    return outcome


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "<&- 2>&-"])
def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path, closed: str) -> None:
    code = (
        "import os, sys; from ganlab.cli.streams import open_closed_streams; open_closed_streams();"
        "file = os.open('told', os.O_WRONLY | os.O_CREAT); assert file > 2; os.write(1, b'one'); os.write(2, b'two');"
        "print('three'); print('four', file=sys.stderr); assert not sys.stdin.read(); os.write(file, b'mine')"
    )
    command = ["bash", "-c", f'exec "$@" {closed}', "bash", sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=tmp_path, input=b"", capture_output=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "told").read_text() == "mine"


def test_a_run_goes_on_when_its_streams_were_closed_before_it_began(here: Path) -> None:
    command = ["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash", *GANLAB, "run", "ring.toml", "--name", "x"]
    assert subprocess.run(command, cwd=here, timeout=120, check=False).returncode == 0
    assert whole_files(here / "runs/x")["ending"] == "finished"


def test_a_resumed_run_goes_on_when_its_reader_has_seen_enough(here: Path, played: Path) -> None:
    script = (
        'cp -r "$1" runs; shift; "$@" resume first --set budget_kimg=5.12 --json | head -n 1; exit "${PIPESTATUS[0]}"'
    )
    command = ["bash", "-c", script, "bash", str(played), *GANLAB]
    answer = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["event"] == "run"
    assert answer.stderr == "ganlab: note: budget_kimg was 2.56, is 5.12\n"
    assert whole_files(here / "runs/first")["kimg"] == 5.12


def test_a_terminal_that_hangs_up_ends_a_run_as_sigterm_does(here: Path) -> None:
    ours, its = pty.openpty()
    command = [*GANLAB, "run", "ring.toml", "--name", "x", "--set", "budget_kimg=1e6"]
    run = subprocess.Popen(command, cwd=here, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    try:
        deadline = time.monotonic() + 60
        records = here / "runs/x/measurements.jsonl"
        while not (records.exists() and records.stat().st_size) and time.monotonic() < deadline:
            os.set_blocking(ours, False)
            try:
                os.read(ours, 1 << 16)  # what it shows, lest it wait for us
            except BlockingIOError:
                time.sleep(0.02)
        os.close(ours)
        run.send_signal(signal.SIGHUP)
        assert run.wait(timeout=20) == 75
    finally:
        run.kill()
        run.wait()
    assert whole_files(here / "runs/x")["ending"] == "terminated"
