"""A run is asked to end, in whatever it is doing: it ends in time, with its status, and goes on as if nobody had asked.

The phases are played in this process: the code of a phase sends the signal from its own midst. What Python has no say
in, and how a process leaves, is left to tests/faults/test_processes.py.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from ganlab.assemble import provenance
from ganlab.assemble.builder import Builder
from ganlab.assemble.run_directory import RunDirectory
from ganlab.builtin.datasets.mixtures import Mixture
from ganlab.builtin.diagnostics.coverage import Coverage
from ganlab.builtin.monitors.lost_coverage import LostCoverage
from ganlab.builtin.reporters import samples, tensorboard
from ganlab.builtin.reporters.jsonl import JsonLines
from ganlab.builtin.reporters.tensorboard import TensorBoard
from ganlab.builtin.tasks.unconditional import Unconditional
from ganlab.cli import ended_by_signals, main, playing
from ganlab.cli.failures import Terminated
from ganlab.engine import container, loop, signals
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.run import Run
from ganlab.values import Ending
from tests.disks import WatchedDisk, put_in
from tests.engine.toys import ToyPlugins
from tests.faults.lives import NAME, RECIPE, Lives, tiny

TERM, HUP, INT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT

STATUS = {TERM: 75, HUP: 75, INT: 130}

PHASES: dict[str, tuple[Any, str, int]] = {
    "checking the disk": ("ganlab.assemble.run_directory", "check_room", 1),
    "loading the data": (Mixture, "__init__", 1),
    "the dry round": (Builder, "play_dry", 1),
    "asking git": (provenance, "git_commit", 1),
    "writing the recipe": (RunDirectory, "write_recipe", 1),
    "the first picture": (Unconditional, "picture", 1),
    "a reporter's start": (JsonLines, "start", 1),
    "the first save": (CheckpointFolder, "save", 1),
    "a discriminator's turn": (loop, "take_turn", 3),
    "a generator's turn": (loop, "take_turn", 4),
    "a diagnostic": (Coverage, "measure", 1),
    "a later diagnostic": (Coverage, "measure", 2),
    "a monitor": (LostCoverage, "judge", 2),
    "drawing": (Unconditional, "picture", 2),
    "the record": (JsonLines, "tick", 1),
    "the curves": (TensorBoard, "tick", 1),
    "a save": (CheckpointFolder, "save", 3),
    "serialising": (container, "pack", 3),
    "the end": (Run, "end", 1),
    "a reporter's end": (TensorBoard, "end", 1),
    "the outcome": (RunDirectory, "write_outcome", 1),
    "the last words": (playing, "next_commands", 1),
}
"""What is called in a phase, and at which of its calls the signal comes."""

AFTERWARDS = ("the end", "a reporter's end")
"""When the last round is played and this is already said, a wish to end changes nothing."""


class Asked:
    """A command line whose run is called `small`."""

    def __init__(self, runs: Path, recipe: dict[str, Any]) -> None:
        runs.mkdir()
        self.runs = runs
        self.lives = Lives(runs, ToyPlugins(), recipe)
        self._file = runs.parent / f"{runs.name}.toml"
        self._file.write_text(tomli_w.dumps(recipe))

    def run(self) -> int:
        return main(["run", str(self._file), "--name", NAME, "--runs", str(self.runs)])

    def resume(self) -> int:
        return main(["resume", NAME, "--runs", str(self.runs)])

    def goes_on(self) -> dict[str, Any]:
        """What the run is when it has finished, however it was left."""
        assert (self.resume() if self.lives.directory.exists() else self.run()) == 0
        return self.left()

    def left(self) -> dict[str, Any]:
        lives = self.lives
        return {
            "bits": lives.bits(),
            "records": lives.records(),
            "curves": lives.curves(),
            "pictures": lives.pictures(),
            "left over": lives.left_over(),
        }


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has nothing to do with it costs nothing."""
    monkeypatch.setattr(provenance, "version", cache(provenance.version))
    for module in (samples, tensorboard):
        monkeypatch.setattr(module, "draw", tiny)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Callable[..., Asked]]:
    def begin(name: str = "runs", recipe: dict[str, Any] = RECIPE) -> Asked:
        return Asked(tmp_path / name, recipe)

    before = {number: signal.getsignal(number) for number in STATUS}
    for number in (TERM, HUP):  # else nohup, or whoever runs these tests, decides what they mean
        signal.signal(number, signal.SIG_DFL)
    yield begin
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (samples, tensorboard):
            patch.setattr(module, "draw", tiny)
        whole = Asked(tmp_path_factory.mktemp("unbroken") / "runs", RECIPE)
        assert whole.run() == 0
        return whole.left()


def do_at(patch: pytest.MonkeyPatch, phase: str, act: Callable[[], None]) -> list[int]:
    """Let `act` be done in that phase, in the midst of it. The calls are counted in what is returned."""
    where, name, which = PHASES[phase]
    owner = __import__(where, fromlist=[name]) if isinstance(where, str) else where
    real = getattr(owner, name)
    calls: list[int] = []

    def called(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == which:
            act()
        return real(*given, **named)

    patch.setattr(owner, name, called)
    return calls


@pytest.mark.parametrize("number", [TERM, INT])
@pytest.mark.parametrize("phase", PHASES)
def test_asked_once_in_any_phase(
    asked: Callable[..., Asked],
    unbroken: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    phase: str,
    number: signal.Signals,
) -> None:
    run = asked()
    with monkeypatch.context() as patch:
        calls = do_at(patch, phase, lambda: os.kill(os.getpid(), number))
        began = time.monotonic()
        status = run.run()
    assert len(calls) >= PHASES[phase][2], "the phase was never reached"
    assert status == (0 if phase in AFTERWARDS else STATUS[number])
    assert time.monotonic() - began < 10
    assert run.goes_on() == unbroken


def test_a_hangup_is_as_good_as_a_termination(
    asked: Callable[..., Asked], unbroken: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for phase in ("the dry round", "a generator's turn", "a diagnostic"):
        run = asked(phase.replace(" ", "-"))
        with monkeypatch.context() as patch:
            do_at(patch, phase, lambda: os.kill(os.getpid(), HUP))
            assert run.run() == 75
        assert run.goes_on() == unbroken


def test_a_hangup_that_nohup_ignores_is_ignored(
    asked: Callable[..., Asked], unbroken: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(HUP, signal.SIG_IGN)
    for phase in ("the dry round", "a generator's turn"):
        run = asked(phase.replace(" ", "-"))
        with monkeypatch.context() as patch:
            do_at(patch, phase, lambda: os.kill(os.getpid(), HUP))
            assert run.run() == 0
        assert run.left() == unbroken


LONG = (
    "the first picture",
    "a reporter's start",
    "a discriminator's turn",
    "a diagnostic",
    "a later diagnostic",
    "a monitor",
    "drawing",
    "the record",
    "the curves",
    "a reporter's end",
)
"""Phases in which a plugin may take as long as it likes."""


@pytest.mark.parametrize("phase", LONG)
def test_asked_in_what_takes_a_minute(
    asked: Callable[..., Asked], unbroken: dict[str, Any], monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    monkeypatch.setattr(signals, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(signals, "AGAIN_SECONDS", 0.1)
    run = asked()

    def take_a_minute() -> None:
        os.kill(os.getpid(), TERM)
        time.sleep(60)

    with monkeypatch.context() as patch:
        do_at(patch, phase, take_a_minute)
        began = time.monotonic()
        assert run.run() == (0 if phase in AFTERWARDS else 75)
    assert time.monotonic() - began < 8
    assert run.goes_on()["bits"] == unbroken["bits"]
    if phase != "a reporter's end":  # it has broken that reporter's last line, and nothing else
        assert run.left() == unbroken


@pytest.mark.parametrize("caught", [Exception, BaseException])
def test_a_diagnostic_cannot_swallow_the_wish(
    asked: Callable[..., Asked],
    unbroken: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caught: type[BaseException],
) -> None:
    monkeypatch.setattr(signals, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(signals, "AGAIN_SECONDS", 0.1)
    run = asked()

    def hard_of_hearing() -> None:
        os.kill(os.getpid(), TERM)
        with suppress(caught):
            time.sleep(60)
        with suppress(caught):
            time.sleep(60)

    with monkeypatch.context() as patch:
        do_at(patch, "a diagnostic", hard_of_hearing)
        began = time.monotonic()
        assert run.run() == 75
    assert time.monotonic() - began < 8
    assert run.goes_on() == unbroken


def test_asked_twice_by_hand_it_stops_at_once(
    asked: Callable[..., Asked], unbroken: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for phase in ("a generator's turn", "a diagnostic", "the curves", "a save", "serialising", "the end"):
        run = asked(phase.replace(" ", "-"))
        after = []

        def ask_twice(after: list[int] = after) -> None:
            for _ in range(2):
                with suppress(signals.BrokenOff):
                    os.kill(os.getpid(), INT)
            after.append(1)

        with monkeypatch.context() as patch:
            do_at(patch, phase, ask_twice)
            assert run.run() == 130
        assert after == [], "it went on"
        assert not (run.lives.directory / "outcome.json").exists()
        assert run.goes_on() == unbroken


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("numbers", [(TERM,), (INT, INT)], ids=["once", "twice by hand"])
def test_asked_at_any_operation_on_the_disk(
    asked: Callable[..., Asked],
    unbroken: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    numbers: tuple[signal.Signals, ...],
    part: int,
) -> None:
    monkeypatch.setattr(provenance, "git_commit", lambda: None)
    step = 4 * len(numbers)
    point = part + 1
    while True:
        run = asked(f"operation-{point}")

        def ask(number: int, name: str, point: int = point) -> None:
            if number == point:
                for each in numbers:
                    os.kill(os.getpid(), each)

        watched = WatchedDisk(run.runs, ask)
        with monkeypatch.context() as patch:
            put_in(patch, watched)
            try:
                with ended_by_signals():
                    ended = run.lives.live().ending
            except (Terminated, KeyboardInterrupt):
                ended = Ending.TERMINATED
        if watched.number < point:
            break
        assert ended in (Ending.TERMINATED, Ending.FINISHED, Ending.INTERRUPTED)
        assert run.lives.live().ending is Ending.FINISHED
        assert run.left() == unbroken, f"asked at operation {point}"
        point += step
    assert point > 80
