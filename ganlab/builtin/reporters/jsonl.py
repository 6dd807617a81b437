"""JSON lines: the truth about a run, from which everything else can be drawn again.

One line of `measurements.jsonl` per tick, one of `findings.jsonl` per finding, one of `actions.jsonl` per action,
carried out or not. A checkpoint holds how long the files were; a resume cuts them to that, so that no line is there
twice and none missing.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganlab import Outcome, Picture, Progress, Reporter, RunInfo, StorageError, Tick
from ganlab.disk import AppendedFile
from ganlab.records import deed_record, finding_record, json_line, measurement_record

log = logging.getLogger("ganlab")

NAMES = ("measurements", "findings", "actions")


class JsonLines(Reporter):
    """`NaN` and infinities are written as strings. Every tick is handed to the system before the game goes on.

    While the disk is full, lines wait in memory and the run goes on; they are tried again at each tick, and a run
    that ends with lines unwritten ends with `StorageError`.
    """

    def __init__(self) -> None:
        self._journals: dict[str, Journal] = {}
        self._state: Mapping[str, Any] = {}

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """Open the files, cut to where the checkpoint left them; without one the record begins anew."""
        for name in NAMES:
            fresh = {} if progress.samples else {"size": 0}
            self._journals[name] = Journal(run.directory / f"{name}.jsonl", self._state.get(name, fresh))

    def tick(self, tick: Tick) -> None:
        """One measurement line, and a line for each finding and action."""
        self._journals["measurements"].write(json_line(measurement_record(tick)))
        self._journals["findings"].write(*(json_line(finding_record(finding)) for finding in tick.findings))
        self._journals["actions"].write(*(json_line(deed_record(each, tick.progress)) for each in tick.deeds))

    def end(self, outcome: Outcome) -> None:
        """Raises `StorageError` if lines are still waiting for room on the disk."""
        for journal in self._journals.values():
            journal.write()
            journal.close()
        unwritten = sum(len(journal.waiting) for journal in self._journals.values())
        if unwritten:
            raise StorageError(
                f"{unwritten} lines of the record found no room on the disk; make room and resume the run"
            )

    def state(self) -> Mapping[str, Any]:
        """The length of each file, and the lines that wait."""
        return {name: journal.state() for name, journal in self._journals.items()} or self._state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Remember where to go on; the files are opened by `start`."""
        for name, each in state.items():
            size = each.get("size", 0)
            if not isinstance(size, int) or size < 0 or not all(isinstance(line, str) for line in each["waiting"]):
                raise ValueError(f"{name}.jsonl is said to have {size!r:.80} bytes")
        self._state = state


class Journal:
    """One file of lines, the lines that found no room yet, and those the disk may still lose."""

    def __init__(self, path: Path, state: Mapping[str, Any]) -> None:
        self.waiting: list[str] = list(state.get("waiting", ()))
        self._unsafe: list[str] = []
        try:
            self._file = AppendedFile(path, state.get("size"))
        except OSError as error:
            raise StorageError(
                f"{path}: cannot be opened ({error.strerror}); choose another place with --runs"
            ) from error
        self._safe = self._file.size
        self._warned = False

    def write(self, *lines: str) -> None:
        """Append the lines, after those that wait."""
        self.waiting += lines
        if not self.waiting:
            return
        try:
            self._file.append("".join(self.waiting).encode())
        except OSError as error:
            self._warn(error)
        else:
            self._unsafe += self.waiting
            self.waiting = []
            self._warned = False

    def state(self) -> Mapping[str, Any]:
        """How long the file is, safely on the disk, and what waits.

        What a disk failed to sync it may have lost, whatever it says the next time: such lines are taken back, wait,
        and are written anew.
        """
        try:
            self._file.sync()
        except OSError as error:
            self._warn(error)
            self.waiting = [*self._unsafe, *self.waiting]
            with contextlib.suppress(OSError):
                self._file.cut(self._safe)
        else:
            self._safe = self._file.size
        self._unsafe = []
        return {"size": self._safe, "waiting": list(self.waiting)}

    def close(self) -> None:
        """No more lines."""
        self._file.close()

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            reason = os.strerror(error.errno or errno.EIO)
            log.warning("%s: %s; the run goes on, its record waits for room", self._file.path.name, reason)
        self._warned = True
