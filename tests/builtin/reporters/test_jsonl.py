"""JSON lines: nothing twice, nothing missing, whatever interrupts the run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from ganlab import Progress, RunInfo, StorageError
from ganlab.builtin.reporters.jsonl import JsonLines
from ganlab.disk import System
from tests.disks import FullDisk, put_in

from .conftest import END, START, progress, tick


def lines(run: RunInfo, name: str = "measurements") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.directory / f"{name}.jsonl").read_text().splitlines()]


def started(run: RunInfo, where: Progress = START, state: Any = None) -> JsonLines:
    reporter = JsonLines()
    if state is not None:
        reporter.restore(state)
    reporter.start(run, where, None)
    return reporter


def test_a_tick_is_a_line_that_can_be_read_before_the_run_ends(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1))
    reporter.tick(tick(2, trouble=True))
    assert [line["kimg"] for line in lines(run)] == [0.1, 0.2]
    assert lines(run)[1]["cost/image"] == 0.5
    assert lines(run, "findings")[0]["sentence"] == "It went wrong."
    assert lines(run, "findings")[0]["severity"] == "warning"
    assert lines(run, "findings")[0]["evidence"] == {"coverage": 0.2}
    assert lines(run, "actions") == [
        {"kimg": 0.2, "round": 2, "action": "scale-learning-rate", "player": "image", "factor": 0.5}
    ]
    reporter.end(END)


def test_a_resumed_run_leaves_the_bytes_of_an_uninterrupted_one(run: RunInfo, tmp_path: Path):
    reporter = started(run)
    reporter.tick(tick(1))
    reporter.tick(tick(2, trouble=True))
    checkpoint = json.loads(json.dumps(reporter.state()))
    reporter.tick(tick(3, trouble=True))
    reporter.tick(tick(4))  # and here the process is killed
    reporter = started(run, progress(2), checkpoint)
    for number in (3, 4, 5):
        reporter.tick(tick(number, trouble=number == 3))
    reporter.end(END)

    straight = RunInfo("straight", tmp_path / "straight", run.recipe, 2.0, run.players, "cpu")
    straight.directory.mkdir()
    reporter = started(straight)
    for number in range(1, 6):
        reporter.tick(tick(number, trouble=number in (2, 3)))
    reporter.end(END)
    for name in ("measurements", "findings", "actions"):
        path = f"{name}.jsonl"
        assert (run.directory / path).read_bytes() == (straight.directory / path).read_bytes()


def test_a_torn_last_line_is_cut_off(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(1))
    checkpoint = reporter.state()
    with (run.directory / "measurements.jsonl").open("a") as file:
        file.write('{"kimg": 0.2, "rou')
    started(run, progress(1), checkpoint).tick(tick(2))
    assert [line["round"] for line in lines(run)] == [1, 2]


def test_a_run_killed_before_its_first_checkpoint_begins_its_record_anew(run: RunInfo):
    started(run).tick(tick(1))
    started(run).tick(tick(1))
    assert len(lines(run)) == 1


def test_a_reporter_that_joins_at_a_resume_keeps_what_is_there(run: RunInfo):
    started(run).tick(tick(1))
    started(run, progress(1)).tick(tick(2))
    assert len(lines(run)) == 2


def test_bytes_lost_since_the_checkpoint_are_told(run: RunInfo, caplog: pytest.LogCaptureFixture):
    reporter = started(run)
    reporter.tick(tick(1))
    checkpoint = reporter.state()
    (run.directory / "measurements.jsonl").write_text("")
    started(run, progress(1), checkpoint).tick(tick(2))
    assert "gap" in caplog.text
    assert [line["round"] for line in lines(run)] == [2]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    """A disk that takes ten bytes more and then is full, until it is told to work."""
    system = FullDisk()
    put_in(monkeypatch, system)
    return system


def test_while_the_disk_is_full_the_run_goes_on_and_the_record_catches_up(
    run: RunInfo, full_disk: FullDisk, caplog: pytest.LogCaptureFixture
):
    reporter = started(run)
    with caplog.at_level(logging.WARNING):
        reporter.tick(tick(1))
        reporter.tick(tick(2))
    assert lines(run) == []
    assert len(caplog.records) == 1
    assert "No space left" in caplog.text
    full_disk.full = False
    reporter.tick(tick(3))
    assert [line["round"] for line in lines(run)] == [1, 2, 3]


def test_lines_that_wait_for_room_survive_a_resume(run: RunInfo, full_disk: FullDisk):
    reporter = started(run)
    reporter.tick(tick(1))
    checkpoint = json.loads(json.dumps(reporter.state()))
    full_disk.full = False
    started(run, progress(1), checkpoint).tick(tick(2))
    assert [line["round"] for line in lines(run)] == [1, 2]


def test_a_run_that_ends_with_lines_unwritten_says_so(run: RunInfo, full_disk: FullDisk):
    reporter = started(run)
    reporter.tick(tick(1))
    with pytest.raises(StorageError, match="1 lines"):
        reporter.end(END)


def test_a_directory_that_is_not_there_is_a_storage_error(run: RunInfo, tmp_path: Path):
    missing = RunInfo("toy", tmp_path / "missing", run.recipe, 2.0, run.players, "cpu")
    with pytest.raises(StorageError, match="missing"):
        started(missing)


def test_lines_the_disk_failed_to_sync_are_written_anew(run: RunInfo, monkeypatch: pytest.MonkeyPatch):
    class Failing(System):
        fails = False

        def sync(self, file: int) -> None:
            if self.fails:
                raise OSError(5, "Input/output error")
            super().sync(file)

    system = Failing()
    put_in(monkeypatch, system)
    reporter = started(run)
    reporter.tick(tick(1))
    safe = reporter.state()["measurements"]
    system.fails = True
    reporter.tick(tick(2))
    checkpoint = reporter.state()["measurements"]
    assert checkpoint["size"] == safe["size"]
    assert [json.loads(line)["round"] for line in checkpoint["waiting"]] == [2]
    assert [line["round"] for line in lines(run)] == [1]
    system.fails = False
    reporter.tick(tick(3))
    assert reporter.state()["measurements"]["waiting"] == []
    assert [line["round"] for line in lines(run)] == [1, 2, 3]
