"""A plugin that does not come back is warned of and ended, whatever it is doing; one that does is left in peace."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ganlab.watchdog import LIMIT, SECONDS, limit

PLAY = """
import logging, sys, time
from pathlib import Path
from ganlab.watchdog import alive, stacks_in, watched
logging.basicConfig(format="%(message)s")
log = Path(sys.argv[1])
turns = 0
"""

HANGS = {
    "a loop": "while True: pass",
    "a sleep": "time.sleep(1e9)",
    "a call into C that lets nobody else run": "sum(range(10**15))",
    "a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "a loop that catches everything": (
        "while True:\n        try: time.sleep(0.01)\n        except BaseException: continue"
    ),
}


def ended(code: str, log: Path, seconds: str = "1") -> subprocess.CompletedProcess[str]:
    """A process that runs the code, and how it ended."""
    child = [sys.executable, "-c", PLAY + code, str(log)]
    environment = {"PATH": "/usr/bin:/bin", LIMIT: seconds}
    return subprocess.run(child, capture_output=True, text=True, timeout=60, check=False, env=environment)


@pytest.mark.parametrize("hang", HANGS)
def test_a_hang_ends_with_status_5_a_line_and_stacks(hang: str, tmp_path: Path) -> None:
    log = tmp_path / "crash.log"
    done = ended(f"""
with stacks_in(log), watched("importing plugin 'slow' (slow-package 1.0)"):
    {HANGS[hang]}
""", log)  # fmt: skip
    assert done.returncode == 5
    *_, line = done.stderr.splitlines()
    assert line.startswith(
        "ganlab: error[E-PLUGIN]: importing plugin 'slow' (slow-package 1.0) has not ended in 1 seconds"
    )
    assert f"stacks are in {log}" in line
    assert "most recent call first" in log.read_text()
    assert 'File "<string>"' in log.read_text()


def test_a_long_call_is_warned_of_once_and_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "crash.log"
    done = ended("""
with stacks_in(log), watched("diagnostic 'slow'", slow=True):
    time.sleep(1.5)
print("fine")
""", log)  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "fine\n")
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"diagnostic 'slow' takes long: 0\.1\d* seconds so far \(in <module>, <string>:\d+\); stacks are in .*", line
    )
    assert log.read_text().count("most recent call first") >= 1


def test_calls_that_come_back_leave_no_trace(tmp_path: Path) -> None:
    log = tmp_path / "crash.log"
    done = ended("""
with stacks_in(log):
    for number in range(200):
        with watched("a"), watched("b"):
            time.sleep(0.01)
time.sleep(1.5)
""", log)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert not log.exists()


def test_what_was_watched_is_let_go_of_where_it_was_played(tmp_path: Path) -> None:
    """Torch aborts a process in which another thread lets go of a tensor while Python ends."""
    done = ended("""
import threading, weakref
class Game: turns = 0
for number in range(30):
    game = Game()
    weakref.finalize(game, lambda: print(threading.current_thread().name))
    with alive(lambda game=game: game.turns, lambda frame: None):
        time.sleep(0.002 * number)
    assert threading.active_count() == 1
    del game
""", tmp_path / "crash.log")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "MainThread\n" * 30


def test_what_an_inner_call_took_is_not_counted_twice(tmp_path: Path) -> None:
    done = ended("""
with watched("outer"):
    for number in range(3):
        with watched("inner", slow=True):
            time.sleep(0.5)
print("fine")
""", tmp_path / "crash.log")  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "fine\n")


def test_an_outer_call_is_ended_though_its_inner_ones_come_back(tmp_path: Path) -> None:
    done = ended("""
with watched("outer"):
    while True:
        with watched("inner"):
            pass
        end = time.monotonic() + 0.02
        while time.monotonic() < end: pass
""", tmp_path / "crash.log")  # fmt: skip
    assert done.returncode == 5
    assert "outer has not ended" in done.stderr


def test_what_beats_may_take_as_long_as_it_likes(tmp_path: Path) -> None:
    done = ended("""
with alive(lambda: turns, lambda frame: "term 'slow'"):
    for turns in range(400):
        time.sleep(0.01)
print("fine")
""", tmp_path / "crash.log", "0.5")  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


def test_what_has_stopped_beating_is_ended_and_whoever_is_at_work_named(tmp_path: Path) -> None:
    log = tmp_path / "crash.log"
    done = ended("""
def cost(self):
    while True: pass
def blame(frame):
    while frame.f_code.co_name != "cost": frame = frame.f_back
    return f"term {frame.f_locals['self']!r}"
with stacks_in(log), alive(lambda: turns, blame):
    for turns in range(20): time.sleep(0.01)
    cost("slow")
""", log, "0.25")  # fmt: skip
    assert done.returncode == 5
    assert "error[E-PLUGIN]: term 'slow' has not ended in 1.5 seconds (in cost, <string>" in done.stderr
    assert " in cost" in log.read_text()


def test_a_hang_of_nobody_known_is_warned_of_and_not_ended(tmp_path: Path) -> None:
    done = ended("""
with alive(lambda: turns, lambda frame: None):
    end = time.monotonic() + 3
    while time.monotonic() < end: pass
print("fine")
""", tmp_path / "crash.log", "0.25")  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "fine\n")
    assert done.stderr.startswith("a round takes long")
    assert len(done.stderr.splitlines()) == 1


def test_a_call_into_c_in_the_middle_of_a_run_is_ended_by_its_own_name(tmp_path: Path) -> None:
    log = tmp_path / "crash.log"
    done = ended("""
with stacks_in(log), alive(lambda: turns, lambda frame: None):
    for turns in range(20): time.sleep(0.01)
    with watched("diagnostic 'slow'", slow=True):
        sum(range(10**15))
""", log, "0.25")  # fmt: skip
    assert done.returncode == 5
    assert "error[E-PLUGIN]: diagnostic 'slow' has not ended in 1.5 seconds" in done.stderr
    assert "most recent call first" in log.read_text()


def test_a_child_of_fork_is_watched_too(tmp_path: Path) -> None:
    done = ended("""
import os
with watched("parent"):
    time.sleep(0.05)
    child = os.fork()
    if child == 0:
        with watched("child"):
            while True: pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    print("fine")
""", tmp_path / "crash.log")  # fmt: skip
    assert "child has not ended" in done.stderr


@pytest.mark.parametrize(("told", "seconds"), [("30", 30.0), ("", SECONDS), ("x", SECONDS), ("nan", SECONDS)])
def test_the_environment_says_how_long(told: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT, told)
    assert limit() == seconds


@pytest.mark.parametrize("told", ["-1", "0", "inf", "1e300"])
def test_a_time_that_is_none_is_passed_over(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT, told)
    assert limit() == SECONDS


def test_a_log_that_cannot_be_opened_does_not_stop_the_watch(tmp_path: Path) -> None:
    done = ended("""
with stacks_in(log), watched("x"):
    time.sleep(1e9)
""", tmp_path / "nowhere" / "crash.log")  # fmt: skip
    assert done.returncode == 5
    assert "stacks" not in done.stderr
