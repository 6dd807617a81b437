"""A run's directory: claimed by `mkdir`, locked while a process plays, and all that a run leaves behind.

recipe.toml provenance.json fields.json outcome.json lock crash.log
measurements.jsonl findings.jsonl actions.jsonl events.* samples/ checkpoints/
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganlab.errors import BusyError, CheckpointError, RecipeError, StorageError, nearest
from ganlab.values import Field, Fields, Outcome

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

BEFORE_THE_START = frozenset({"lock", "crash.log", "provenance.json", "fields.json"})
"""What a run may leave behind that ended before it began; `recipe.toml` is written last, and makes it a run."""


class RunDirectory:
    """One run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self._lock: int | None = None

    @classmethod
    def claim(cls, runs: Path, name: str | None, recipe_name: str) -> RunDirectory:
        """A new directory below `runs`, mode 0700, locked. Without a name one is made from the recipe and the time.

        Raises `BusyError` if a run of that name is being played, `RecipeError` if there is one that is not, and
        `StorageError` if the disk refuses. Nothing that exists is touched.
        """
        if name is not None and not NAME.fullmatch(name):
            raise RecipeError(
                f"--name {name!r} is no name for a run; expected at most 64 letters, digits, '.', '_' and '-'"
            )
        stem = name or f"{recipe_name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            for attempt in range(1, 1000):
                directory = cls(runs / (stem if attempt == 1 else f"{stem}-{attempt}"))
                try:
                    directory.path.mkdir(mode=0o700)
                except FileExistsError:
                    if name is None:
                        continue
                    directory.lock()
                    if not directory.never_began:
                        directory.unlock()
                        raise RecipeError(
                            f"a run '{name}' exists in {runs}; take another --name, or 'ganlab resume {name}'"
                        ) from None
                    return directory
                directory.lock()
                return directory
        except OSError as error:
            raise StorageError(
                f"{runs}: cannot hold a run ({error.strerror}); choose another place with --runs"
            ) from error
        raise StorageError(f"{runs}: holds a thousand runs called {stem}; give a --name")

    @classmethod
    def find(cls, run: str, runs: Path) -> RunDirectory:
        """The run of that name below `runs`, or at that path. Raises `RecipeError` if there is none."""
        for path in (runs / run, Path(run)):
            if (path / "recipe.toml").is_file():
                return cls(path)
        known = [each.name for each in list_runs(runs)]
        raise RecipeError(f"no run '{run}' in {runs}.{nearest(run, known)} 'ganlab runs' shows {len(known)}")

    def lock(self) -> None:
        """Own the directory until `unlock` or the end of the process. Raises `BusyError` naming who owns it."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise BusyError(
                f"run '{self.name}' is being played by {owner}; wait for it or take another --name"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        self._lock = descriptor

    def unlock(self) -> None:
        """Let go of it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def never_began(self) -> bool:
        """True if there is nothing in it but what is written before a run begins."""
        return set(os.listdir(self.path)) <= BEFORE_THE_START

    def abandon(self) -> None:
        """Let go of it, and remove it if its run never began."""
        if self.never_began:
            for name in BEFORE_THE_START:
                (self.path / name).unlink(missing_ok=True)
            self.path.rmdir()
        self.unlock()

    def check_checkpoint(self) -> None:
        """Raise `CheckpointError` if the run has none."""
        if not any((self.path / "checkpoints").glob("*.ckpt")):
            raise CheckpointError(
                f"run '{self.name}' ended before its first checkpoint; "
                f"begin another with 'ganlab run {self.path / 'recipe.toml'}'"
            )

    def write(self, name: str, text: str) -> None:
        """A file of the run, whole or not at all. Raises `StorageError`."""
        from ganlab.disk import publish

        publish(text.encode(), self.path / name)

    def write_fields(self, fields: list[Fields]) -> None:
        """What the data of each stage are made of, so that sampling does not need them."""
        self.write("fields.json", json.dumps([_plain(each) for each in fields], indent=1))

    def fields(self) -> list[Fields]:
        """What `write_fields` wrote."""
        return [_fields(each) for each in json.loads((self.path / "fields.json").read_text())]

    def write_outcome(self, outcome: Outcome) -> None:
        """How the run ended."""
        told = {
            "ending": outcome.ending.value,
            "sentence": outcome.sentence,
            "kimg": outcome.progress.kimg,
            "round": outcome.progress.round,
            "fraction": outcome.progress.fraction,
            "seconds": round(outcome.seconds, 3),
        }
        self.write("outcome.json", json.dumps(told, indent=1))

    def provenance(self) -> dict[str, Any]:
        """Where its numbers come from; empty if that cannot be read."""
        return self._read("provenance.json") or {}

    def outcome(self) -> dict[str, Any] | None:
        """How it ended; None if it has not."""
        return self._read("outcome.json")

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            told = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return told if isinstance(told, dict) else None

    def ending(self) -> str:
        """How it ended, in a word: an `Ending`, "playing", or "broken off" if its process did not live to say."""
        outcome = self.outcome()
        if outcome is not None:
            return str(outcome.get("ending"))
        return "playing" if _held(self.path / "lock") else "broken off"

    def goes_on(self) -> None:
        """From now on the run has not ended."""
        (self.path / "outcome.json").unlink(missing_ok=True)

    def measurements(self) -> list[dict[str, Any]]:
        """What was measured, one tick each; a torn last line is left out."""
        lines = []
        try:
            with (self.path / "measurements.jsonl").open(encoding="utf-8") as file:
                for line in file:
                    try:
                        lines.append(json.loads(line))
                    except ValueError:
                        break
        except OSError:
            return []
        return lines


def list_runs(runs: Path) -> list[RunDirectory]:
    """Every run below `runs`, by name."""
    if not runs.is_dir():
        return []
    return [RunDirectory(path.parent) for path in sorted(runs.glob("*/recipe.toml"))]


def _held(lock: Path) -> bool:
    """True if a process owns the lock. Never asked by the owner itself: closing the file would lose it."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _plain(fields: Fields) -> dict[str, Any]:
    return {
        name: asdict(each) if isinstance(each, Field) else {"fields": _plain(each)} for name, each in fields.items()
    }


def _fields(plain: Mapping[str, Any]) -> Fields:
    return {
        name: _fields(each["fields"])
        if "fields" in each
        else Field(each["kind"], tuple(each["shape"]), each["cardinality"], tuple(each["names"]))
        for name, each in plain.items()
    }
