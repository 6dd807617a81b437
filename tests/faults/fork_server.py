"""Plays runs life after life, kills each life with a real SIGKILL, and compares what is left with an unbroken run.

A process of its own, since it may never have computed with two threads: a child of such a process would hang. It loads
torch and plays a run first, so that a life costs a fork and not seconds.

    python -m tests.faults.fork_server --kills 100 --seed 0 [--streamed]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch

from ganlab import disk
from ganlab.assemble import provenance
from ganlab.assemble.run_directory import RunDirectory
from ganlab.builtin.datasets import digits
from ganlab.disk import System
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.errors import CheckpointError
from ganlab.values import Ending
from tests.faults.everything import RECIPE, left, lives, pictures_in
from tests.faults.lives import Lives

OPERATION, PUBLISHED = b"o", b"p"

NEVER = math.inf

PATIENCE_SECONDS = 60.0
"""A life that takes longer hangs."""


class ToldDisk(System):
    """Says before each operation that it is about to be done, and stops at one of them; a write halfway."""

    def __init__(self, pipe: int, stop_at: int) -> None:
        self._pipe, self._left = pipe, stop_at
        for name in ("create", "cut", "sync", "close", "rename", "remove", "make_folder", "sync_folder"):
            setattr(self, name, self._telling(getattr(super(), name)))

    def write(self, file: int, piece: memoryview) -> int:
        if self._left == 1:
            super().write(file, piece[: len(piece) // 2])
        self._tell()
        return super().write(file, piece)

    def _telling(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def told(*arguments: Any) -> Any:
            self._tell()
            return operation(*arguments)

        return told

    def _tell(self) -> None:
        os.write(self._pipe, OPERATION)
        self._left -= 1
        if self._left == 0:
            time.sleep(PATIENCE_SECONDS)


class Life:
    """A child that plays, and tells through a pipe what it does to the disk and which checkpoints are published."""

    def __init__(self, run: Lives, log: Path, stop_at: int = 0) -> None:
        reading, writing = os.pipe()
        self.process = os.fork()
        if not self.process:
            os.close(reading)
            _live(run, writing, log, stop_at)
        os.close(writing)
        self._pipe = reading
        self._told = b""
        self._silent = False

    def heard(self, operations: float, seconds: float) -> None:
        """Listen until it has told of so many operations, the time is over, or the life."""
        deadline = time.monotonic() + seconds
        while not self._silent and self._told.count(OPERATION) < operations:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
                return
            piece = os.read(self._pipe, 4096)
            self._told += piece
            self._silent = not piece

    def kill(self) -> tuple[int, int]:
        """Kill it, if it has not ended; its status, and the samples at the last checkpoint it said was published."""
        os.kill(self.process, signal.SIGKILL)
        _, status = os.waitpid(self.process, 0)
        self.heard(NEVER, 1.0)
        os.close(self._pipe)
        published = [int(each[1:]) for each in self._told.replace(OPERATION, b"").split(b"\n") if each[1:]]
        return status, max(published, default=-1)


def _live(run: Lives, pipe: int, log: Path, stop_at: int) -> None:
    """The child; it stops before its `stop_at`-th operation on the disk, if there is such a one."""
    status = 1
    try:
        save = CheckpointFolder.save

        def told(folder: CheckpointFolder, tree: Any, samples: int, health: Any) -> Path:
            path = save(folder, tree, samples, health)
            os.write(pipe, b"%s%d\n" % (PUBLISHED, samples))
            return path

        CheckpointFolder.save = told  # type: ignore[method-assign]
        disk.system = ToldDisk(pipe, stop_at)
        status = 0 if run.live().ending is Ending.FINISHED else 2
    except BaseException:
        log.write_text(traceback.format_exc())
    finally:
        os._exit(status)


def newest(run: Lives) -> int:
    """Samples at the newest whole checkpoint; -1 if there is none."""
    try:
        state, _, _ = CheckpointFolder(run.directory / "checkpoints").newest()
    except CheckpointError:
        return -1
    return int(state["game"]["clock"]["samples"])


def is_free(run: Lives) -> bool:
    """True if the run's directory can be locked."""
    directory = RunDirectory(run.directory)
    directory.lock()
    directory.unlock()
    return True


def play(kills: int, seed: int, streamed: bool) -> dict[str, Any]:
    """Kill so many lives; how it went. `wrong` is a list of sentences, empty if nothing was lost."""
    torch.set_num_threads(1)
    chance = random.Random(seed)
    # What costs as much as a short life, and has nothing to do with it, is done once.
    provenance.git_commit = lambda: None
    provenance.version = cache(provenance.version)
    digits.read_digits = cache(digits.read_digits)
    with scratch() as place:
        os.environ["GANLAB_CACHE"] = str(place / "cache")
        recipe = {**RECIPE, "dataset": pictures_in(place / "pictures")} if streamed else RECIPE
        log = place / "log"

        def begin(name: str) -> Lives:
            (place / name).mkdir()
            return lives(place / name, recipe)

        begin("first").live()  # loads all that is loaded late
        unbroken = begin("unbroken")
        began = time.monotonic()
        life = Life(unbroken, log)
        life.heard(NEVER, PATIENCE_SECONDS)
        whole = time.monotonic() - began
        operations = life._told.count(OPERATION)
        status, _ = life.kill()
        assert status == 0, log.read_text()
        expected = left(unbroken)

        killed = runs = half_written = 0
        wrong: list[str] = []
        while killed < kills and len(wrong) < 5:
            runs += 1
            run = begin(f"run-{runs}")
            published = -1
            while True:
                if chance.random() < 0.5:  # whenever
                    life = Life(run, log)
                    life.heard(NEVER, chance.uniform(0, 0.4 * whole))
                else:  # in a save, or very near to it
                    count, exactly = chance.randint(1, operations // 4), chance.random() < 0.5
                    life = Life(run, log, stop_at=count if exactly else 0)
                    life.heard(count, PATIENCE_SECONDS)
                    time.sleep(0 if exactly else chance.uniform(0, 0.002))
                status, last = life.kill()
                published = max(published, last)
                if newest(run) < published:
                    wrong.append(f"run {runs}: a checkpoint at {published} samples was published, and is lost")
                if not os.WIFSIGNALED(status):
                    break
                killed += 1
                half_written += bool(run.left_over())
            if status != 0:
                wrong.append(f"run {runs}: {log.read_text() if log.exists() else status}")
                continue
            found = left(run)
            wrong += [f"run {runs}: {name} differ" for name in expected if found[name] != expected[name]]
            if run.left_over():
                wrong.append(f"run {runs}: left over {run.left_over()}")
            assert is_free(run)
        return {
            "kills": killed,
            "runs": runs,
            "half written": half_written,
            "seconds of an unbroken life": round(whole, 2),
            "operations": operations,
            "wrong": wrong,
        }


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: what a killed process wrote is seen by all, however slow the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--streamed", action="store_true", help="read from files by threads")
    options = parser.parse_args()
    json.dump(play(options.kills, options.seed, options.streamed), sys.stdout)
