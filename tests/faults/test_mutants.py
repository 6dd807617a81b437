"""Each line that keeps a promise is left out in turn, and somebody notices: every wait for the disk, every line of the
random states, the check of the hash, the flag of a signal, the check of a name, the lock.

Here the noticing is by short checks of the promise itself, in this process. `benchmarks/mutants.py` leaves the same
lines out of a copy of ganlab, and lets its tests notice.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from ganlab import CheckpointError, Progress, RecipeError, RunInfo, Tick, disk
from ganlab.assemble import run_directory, run_lock, run_place
from ganlab.assemble.run_directory import RunDirectory
from ganlab.assemble.run_lock import Lock
from ganlab.builtin.reporters.jsonl import Journal, JsonLines
from ganlab.builtin.reporters.tensorboard import TensorBoard
from ganlab.cli.failures import Session
from ganlab.disk import AppendedFile, System
from ganlab.engine import container, shared_random
from ganlab.engine import signals as engine_signals
from ganlab.engine.signals import Signals
from ganlab.errors import BusyError
from tests.disks import WatchedDisk, put_in
from tests.faults.mutations import compiled, without_each

Check = Callable[[Path], None]

SEEDS = 12
"""Power losses after each scenario."""

CPU = torch.device("cpu")


def losing_power(place: Path, write: Callable[[Path], Callable[[], None]]) -> None:
    """Let something be written below a folder, lose power, and ask what it promised; with many seeds."""
    for seed in range(SEEDS):
        root = place / str(seed)
        root.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            watched = WatchedDisk(root)
            put_in(patch, watched)
            promised = write(root)
            watched.lose_power(seed)
        promised()
        shutil.rmtree(root)


def files_outlive_power(place: Path) -> None:
    def write(root: Path) -> Callable[[], None]:
        folder, other = root / "a" / "b", root / "a" / "c"
        disk.make_folder(folder)
        for raw in (b"1" * 1000, b"2" * 500):
            disk.publish(raw, folder / "file")
        disk.make_folder(other)
        record = AppendedFile(other / "record")
        record.append(b"3" * 300)
        record.sync()
        record.close()

        def promised() -> None:
            assert (folder / "file").read_bytes() == b"2" * 500
            assert (other / "record").read_bytes() == b"3" * 300

        return promised

    losing_power(place, write)


def runs_outlive_power(place: Path) -> None:
    def write(root: Path) -> Callable[[], None]:
        directory = RunDirectory.claim(root, "x", "toy")
        directory.write_recipe("seed = 1\n")
        directory.unlock()

        def promised() -> None:
            assert directory.recipe_text() == "seed = 1\n"

        return promised

    losing_power(place, write)


def the_folder_of_runs_outlives_power(place: Path) -> None:
    waited = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(System, "sync_folder", lambda system, path: waited.append(path))
        run_place.make_runs(place / "all" / "runs")
    assert waited == [place, place / "all"]


def records_outlive_power(place: Path) -> None:
    def write(root: Path) -> Callable[[], None]:
        run = RunInfo("x", root, "seed = 1\n", 1.0, ("generator",), "cpu")
        lines, events = JsonLines(), TensorBoard()
        for reporter in (lines, events):
            reporter.start(run, Progress(), None)
            reporter.tick(Tick(Progress(1, 8, 0.5), {"cost": 1.0}))
        size, sizes = lines.state()["measurements"]["size"], events.state()["sizes"]

        def promised() -> None:
            assert (root / "measurements.jsonl").stat().st_size >= size > 0
            ((name, length),) = sizes.items()
            assert (root / name).stat().st_size >= length > 0

        return promised

    losing_power(place, write)


def a_wait_reaches_the_disk(place: Path) -> None:
    waited = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: waited.append(os.fstat(file).st_ino))
        with (place / "file").open("w") as file:
            System().sync(file.fileno())
        System().sync_folder(place)
    assert waited == [(place / "file").stat().st_ino, place.stat().st_ino]


def random_numbers_go_on(place: Path) -> None:
    def drawn() -> list[float]:
        ours = [random.random(), random.gauss(0, 1), *numpy.random.random(2), numpy.random.standard_normal()]
        return [*map(float, ours), *torch.rand(3).tolist()]

    begin_at(5)
    drawn()
    state = container.unpack(container.pack(shared_random.random_state(CPU)))
    expected = drawn()
    begin_at(6)
    shared_random.restore_random(state, CPU)
    assert drawn() == expected


def begin_at(seed: int) -> None:
    for generator in (random, numpy.random):
        generator.seed(seed)
    torch.manual_seed(seed)


def damage_is_noticed(place: Path) -> None:
    raw = bytearray(container.pack({"weight": torch.arange(64.0), "words": ["whole"]}))
    for position in range(len(raw) - 200, len(raw)):
        for version, told in ((container.VERSION, "is damaged"), (container.VERSION + 1, "or it is damaged")):
            raw[len(container.MAGIC)] = version
            raw[position] ^= 1
            with pytest.raises(CheckpointError, match=rf"{told} \(its SHA-256 does not match"):
                container.unpack(bytes(raw))
            raw[position] ^= 1


def a_wish_to_end_is_remembered(place: Path) -> None:
    signals = Signals()
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signals.listen()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.asked is not None
    finally:
        signals.leave()
        signal.signal(signal.SIGTERM, before)


def a_wish_is_answered_at_last(place: Path) -> None:
    signals = Signals()
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signals.listen()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine_signals, "GRACE_SECONDS", 0.05)
            with pytest.raises(engine_signals.Overdue):
                ask_and_go_on(signals)
    finally:
        signals.leave()
        signal.signal(signal.SIGTERM, before)


def ask_and_go_on(signals: Signals) -> None:
    with signals.breakable(after_grace=True):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)


def names_stay_below_the_folder(place: Path) -> None:
    for name in ("../out", "a/b", "", ".", "..", "a\0b"):
        with pytest.raises(RecipeError):
            RunDirectory.claim(place / "runs", name, "toy")
    with pytest.raises(RecipeError, match="is a device"):
        RunDirectory.claim(place / "runs", "con", "toy")
    assert not (place / "out").exists()


def there_is_one_owner(place: Path) -> None:
    lock = Lock(place / "lock")
    lock.take()
    try:
        child = os.fork()
        if not child:
            status = 1
            try:
                run_lock.OWNED.clear()
                Lock(place / "lock").take()
            except BusyError:
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with pytest.raises(BusyError):
            Lock(place / "lock").take()
    finally:
        lock.leave()


def memory_is_let_go(place: Path) -> None:
    kept: list[weakref.ref[torch.Tensor]] = []

    def fail() -> None:
        large = torch.zeros(1000)
        kept.append(weakref.ref(large))
        raise MemoryError

    with pytest.raises(MemoryError) as told:
        fail()
    Session().tell(told.value)
    assert kept[0]() is None


WAITS = r"\bf?sync(_folder)?\("

LINES: dict[str, tuple[Any, str, str, Check]] = {
    "a file's wait": (System, "sync", WAITS, a_wait_reaches_the_disk),
    "a folder's wait": (System, "sync_folder", WAITS, a_wait_reaches_the_disk),
    "publishing": (disk, "publish", WAITS, files_outlive_power),
    "making a folder": (disk, "make_folder", WAITS, files_outlive_power),
    "a new record": (AppendedFile, "__init__", WAITS, files_outlive_power),
    "a record": (AppendedFile, "sync", WAITS, files_outlive_power),
    "the folder of runs": (run_place, "make_runs", WAITS, the_folder_of_runs_outlives_power),
    "a run's directory": (RunDirectory, "_made", WAITS, runs_outlive_power),
    "lines before a checkpoint": (Journal, "state", WAITS, records_outlive_power),
    "curves before a checkpoint": (TensorBoard, "state", WAITS, records_outlive_power),
    "keeping random states": (shared_random, "random_state", r"get_?state", random_numbers_go_on),
    "taking random states back": (shared_random, "restore_random", r"^(?!.*cuda)", random_numbers_go_on),
    "the hash": (container, "_verified", r"SHA-256", damage_is_noticed),
    "the flag of a signal": (Signals, "_hear", r"self\.asked =", a_wish_to_end_is_remembered),
    "the grace": (Signals, "_hear", r"setitimer", a_wish_is_answered_at_last),
    "what is overdue": (Signals, "_overdue", r"raise", a_wish_is_answered_at_last),
    "names": (RunDirectory, "claim", r"check_name", names_stay_below_the_folder),
    "what a name may be": (run_directory, "check_name", r"raise", names_stay_below_the_folder),
    "the lock": (Lock, "_locked", r"lockf", there_is_one_owner),
    "the lock within a process": (Lock, "take", r"OWNED\.add", there_is_one_owner),
    "memory": (Session, "tell", r"clear_frames", memory_is_let_go),
}
"""Whose function, which one, which of its statements, and who must notice that one is missing."""


@pytest.mark.parametrize("which", LINES)
def test_no_line_is_missed_by_nobody(tmp_path: Path, which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, pattern, noticed = LINES[which]
    real = vars(owner)[name]
    function = real.__func__ if isinstance(real, classmethod) else real
    (tmp_path / "whole").mkdir()
    noticed(tmp_path / "whole")
    mutants = list(without_each(function, pattern))
    assert mutants, f"no line of {name} matches any more"
    for number, (line, source) in enumerate(mutants):
        place = tmp_path / str(number)
        place.mkdir()
        mutant = compiled(function, source)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, classmethod(mutant) if isinstance(real, classmethod) else mutant)
            assert not holds(noticed, place), f"nobody misses: {line}"


def holds(noticed: Check, place: Path) -> bool:
    """True if the promise is kept: nothing is asserted in vain, or raised."""
    try:
        noticed(place)
    except (Exception, pytest.fail.Exception):
        return False
    return True
