"""Whole processes that are asked to end in what Python has no say in, and how they leave.

Each is a real command line, made to get stuck by a few lines before it: `ganlab run` and all that it loads, and nothing
of these tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from ganlab.engine.checkpoint_folder import CheckpointFolder
from tests.engine.toys import ToyPlugins
from tests.faults.lives import NAME, RECIPE, Lives

STUCK_IN_C = """
import ctypes
lock = ctypes.create_string_buffer(64)
library = ctypes.CDLL(None)
def stuck():
    library.pthread_mutex_lock(lock)
    library.pthread_mutex_lock(lock)
"""
"""A call into C that never comes back, whatever signal comes."""

IN_A_DIAGNOSTIC = """
from ganlab.builtin.diagnostics.coverage import Coverage
def measure(self, look):
    print("STUCK", flush=True)
    stuck()
Coverage.measure = measure
"""

IN_A_ROUND = """
import time
from ganlab.engine import loop
real = loop.take_turn
calls = []
def take_turn(*given, **settings):
    calls.append(1)
    if len(calls) == 5:
        print("STUCK", flush=True)
        time.sleep(60)
    return real(*given, **settings)
loop.take_turn = take_turn
"""

IN_A_READ = """
import os
from ganlab.builtin.datasets.samples import Samples
os.mkfifo("pipe")
real = Samples.pictures
calls = []
def pictures(self, index):
    calls.append(1)
    if len(calls) > 60:
        if len(calls) == 61:
            print("STUCK", flush=True)
        open("pipe").read()
    return real(self, index)
Samples.pictures = pictures
"""
"""A disk that stops answering: whoever reads waits for a writer who never comes."""

SOON = """
from ganlab.engine import reader
reader.READ_SECONDS = 1.0
"""


class Process:
    """A command line, `before` which a few lines are carried out."""

    def __init__(self, before: str, *words: object, **options: Any) -> None:
        code = f"{before}\nimport sys\nfrom ganlab.cli import main\nsys.exit(main())"
        command = [sys.executable, "-c", code, *map(str, words)]
        self._child = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            **options,
        )

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Until it is so far."""
        deadline = time.monotonic() + 120
        while not ready():
            assert self._child.poll() is None, self._child.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def wait_for_line(self, line: str) -> None:
        """Until it has said that, and done what comes next."""
        assert self._child.stdout is not None
        for each in self._child.stdout:
            if each.strip() == line:
                time.sleep(1.0)
                return
        raise AssertionError(self._child.communicate())

    def ask(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send it a signal, or all its descendants too."""
        (os.killpg if group else os.kill)(self._child.pid, number)

    def loaded(self, library: str) -> bool:
        """True once it has loaded the library."""
        return library in Path(f"/proc/{self._child.pid}/maps").read_text()

    def ended(self, seconds: float = 120) -> tuple[int, str]:
        """Its status and its lines on stderr."""
        try:
            _, told = self._child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            raise AssertionError(f"still there after {seconds:.0f} s: {self._child.communicate()}") from None
        return self._child.returncode, told


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[object]]:
    """The words that play a recipe in this folder."""
    monkeypatch.chdir(tmp_path)

    def words(**changes: Any) -> list[object]:
        (tmp_path / "recipe.toml").write_text(tomli_w.dumps({**RECIPE, **changes}))
        return ["run", "recipe.toml", "--name", NAME]

    return words


def newest(folder: Path) -> int:
    """Samples at the newest checkpoint, which is whole."""
    state, _, problems = CheckpointFolder(folder / "runs" / NAME / "checkpoints").newest()
    assert problems == []
    return int(state["game"]["clock"]["samples"])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_asked_while_torch_is_loaded(
    tmp_path: Path, recipe: Callable[..., list[object]], number: signal.Signals, status: int
) -> None:
    process = Process("", *recipe())
    process.wait_for(lambda: process.loaded("libtorch"))
    process.ask(number)
    ended, told = process.ended(10)
    assert (ended, told.strip()) == (status, f"ganlab: {'terminated' if status == 75 else 'interrupted'}")
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_whole_group_is_asked(tmp_path: Path, recipe: Callable[..., list[object]]) -> None:
    changes = {"budget_rounds": 400, "checkpoint_seconds": 0.2}
    process = Process("", *recipe(**changes))
    record = tmp_path / "runs" / NAME / "measurements.jsonl"
    process.wait_for(lambda: record.exists() and record.stat().st_size > 0)
    process.ask(signal.SIGTERM, group=True)
    status, told = process.ended(10)
    assert status == 75
    assert "'ganlab resume' goes on." in told
    assert 0 < newest(tmp_path) < 1600
    status, _ = Process("", "resume", NAME).ended()
    assert status == 0
    (tmp_path / "other").mkdir()
    whole = Lives(tmp_path / "other", ToyPlugins(), {**RECIPE, **changes})
    whole.live()
    resumed = Lives(tmp_path / "runs", ToyPlugins(), {**RECIPE, **changes})
    assert resumed.bits() == whole.bits()
    assert resumed.records() == whole.records()


@pytest.mark.parametrize(
    "stuck", [IN_A_ROUND, STUCK_IN_C + IN_A_DIAGNOSTIC], ids=["a round of a minute", "a call into C"]
)
def test_asked_in_what_does_not_end(tmp_path: Path, recipe: Callable[..., list[object]], stuck: str) -> None:
    process = Process(stuck, *recipe())
    process.wait_for_line("STUCK")
    before = newest(tmp_path)
    process.ask(signal.SIGTERM)
    began = time.monotonic()
    status, _ = process.ended(20)
    assert status == 75
    assert 6.5 < time.monotonic() - began < 10, "not before its grace, and not much after"
    assert newest(tmp_path) == before
    assert Process("", "resume", NAME).ended()[0] == 0


def test_asked_twice_by_hand_in_a_call_into_c(tmp_path: Path, recipe: Callable[..., list[object]]) -> None:
    process = Process(STUCK_IN_C + IN_A_DIAGNOSTIC, *recipe())
    process.wait_for_line("STUCK")
    process.ask(signal.SIGINT)
    time.sleep(0.2)
    process.ask(signal.SIGINT)
    status, told = process.ended(10)
    assert status == 130
    assert told.splitlines()[-1] == (
        "ganlab: it would not end by itself; 'ganlab resume' goes on from the last checkpoint"
    )
    assert newest(tmp_path) > 0


def streamed(tmp_path: Path) -> dict[str, Any]:
    """Changes of the recipe: pictures of two sizes, which are read by threads."""
    from tests.faults.everything import pictures_in

    architecture = {"name": "mlp", "width": 4, "depth": 1}
    players = {name: {"architecture": architecture} for name in ("generator", "image")}
    watch = {"tick_kimg": 0.008, "picture_count": 2, "diagnostics": [], "monitors": []}
    data = pictures_in(tmp_path / "pictures")
    return {"dataset": data, "players": players, "terms": [], "watch": watch, "budget_rounds": 100}


def test_asked_while_a_read_hangs(tmp_path: Path, recipe: Callable[..., list[object]]) -> None:
    process = Process(IN_A_READ, *recipe(**streamed(tmp_path)))
    process.wait_for_line("STUCK")
    process.ask(signal.SIGTERM)
    status, told = process.ended(10)
    assert status == 75, told
    assert newest(tmp_path) > 0
    assert Process("", "resume", NAME).ended()[0] == 0


def test_a_read_that_never_comes_ends_the_run(tmp_path: Path, recipe: Callable[..., list[object]]) -> None:
    process = Process(SOON + IN_A_READ, *recipe(**streamed(tmp_path)))
    process.wait_for_line("STUCK")
    status, told = process.ended(20)
    assert status == 3
    last = told.splitlines()[-1]
    assert last.startswith("ganlab: error[E-DATA]: dataset 'image-folder': samples ")
    assert last.endswith("were not read in 1 seconds; look at the disk they are on, then resume")
    assert newest(tmp_path) > 0
