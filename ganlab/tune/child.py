"""One run of a trial: `ganlab run` in a process of its own, begun, gone on with after a worker has died, or, if the
run outlived its worker, only waited for."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ganlab.assemble.run_directory import RunDirectory, is_run
from ganlab.assemble.run_lock import held, owner_here
from ganlab.errors import BusyError, GanlabError
from ganlab.tune.address import VARIABLE
from ganlab.tune.score import DEAD
from ganlab.values import Ending

ENDED = (Ending.FINISHED, *DEAD)

PROGRAM = (sys.executable, "-m", "ganlab")

SILENT_SECONDS = 900.0
"""A run that has recorded nothing for so long hangs."""

PARTING_SECONDS = 30.0
"""So long may a run take to save when it is asked to end."""

LIVES = 3
"""So many processes may one run take: it hangs or is killed again and again if it needs more."""

AGAIN = (75, 130, BusyError.exit_code)
"""Exit statuses after which it is gone on with: it was asked to end, or another process was about to play it."""


class ChildFailed(GanlabError):
    """A run that came to no end: its exit status and its last words."""


class Child:
    """The run in `directory`, of the recipe in the file `recipe` with `settings`; it hangs if it is `silent` for so
    many seconds."""

    def __init__(
        self, directory: Path, recipe: Path, settings: Sequence[str], *, silent: float = SILENT_SECONDS
    ) -> None:
        self.directory = RunDirectory(directory)
        self.arguments = ["run", str(recipe), *(part for each in settings for part in ("--set", each))]
        self.arguments += ["--runs", str(directory.parent), "--name", directory.name, "--json"]
        self.silent = silent
        self._process: subprocess.Popen[bytes] | None = None
        self._lives = 0
        self._heard = (0, time.monotonic())

    @property
    def command(self) -> str:
        """What a person types to play the same."""
        return shlex.join(["ganlab", *(each for each in self.arguments if each != "--json")])

    @property
    def ending(self) -> str | None:
        """How it ended; None if it goes on, or is to be gone on with."""
        outcome = self.directory.outcome() if is_run(self.directory.path) else None
        ending = None if outcome is None else str(outcome["ending"])
        return ending if ending in ENDED and not self._busy() else None

    def poll(self) -> str | None:
        """How it ended; None while it goes on, which it is made to. Raises `ChildFailed` if it cannot."""
        if self._process is not None and (status := self._process.poll()) is not None:
            self._process = None
            if self.ending is None and status > 0 and status not in AGAIN and not self._busy():
                raise ChildFailed(self._last_words(status))
        if self._busy():
            self._listen()
            return None
        if (ending := self.ending) is not None:
            return ending
        if self._lives == LIVES:
            raise ChildFailed(f"ended {LIVES} times without a result")
        self._begin()
        return None

    def end(self) -> None:
        """Let it save and end, by force if it takes too long."""
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + PARTING_SECONDS
        while self._busy() and time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                self._process = None
            time.sleep(0.05)
        self._send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _busy(self) -> bool:
        """True if a process plays it: ours, or one that a dead worker left behind."""
        return self._process is not None or held(self.directory.path / "lock")

    def _begin(self) -> None:
        self._lives += 1
        path = self.directory.path
        arguments = ["resume", str(path), "--json"] if is_run(path) else self.arguments
        self._process = started(arguments, path.parent / f"{path.name}.log")
        self._heard = (0, time.monotonic())

    def _listen(self) -> None:
        """End it by force if its record has not grown for too long."""
        path = self.directory.path / "measurements.jsonl"
        size = path.stat().st_size if path.exists() else 0
        now = time.monotonic()
        if size != self._heard[0]:
            self._heard = (size, now)
        elif now - self._heard[1] > self.silent:
            self._send(signal.SIGKILL)
            self._heard = (size, now)

    def _send(self, which: signal.Signals) -> None:
        """To the process that plays it: ours, or another on this machine."""
        number = self._process.pid if self._process is not None else owner_here(self.directory.path / "lock")
        if number is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, which)

    def _last_words(self, status: int) -> str:
        with suppress(OSError):
            lines = (self.directory.path.parent / f"{self.directory.name}.log").read_text(errors="replace").split("\n")
            told = [line for line in lines if line.startswith("ganlab: error")]
            if told:
                return told[-1].removeprefix("ganlab: ")
        return f"exit status {status}"


def started(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """A process of ganlab, which writes what it says to `log` and does not know where the study is kept."""
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    environment.pop(VARIABLE, None)
    with log.open("ab") as file:
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            env=environment,
        )
