"""A run's directory: claimed by `mkdir`, locked while a process plays, and all that a run leaves behind.

recipe.toml provenance.json fields.json outcome.json lock crash.log recipe-1.toml (what an earlier life played)
measurements.jsonl findings.jsonl actions.jsonl events.* samples/ checkpoints/

Whatever became of these files, reading them raises nothing but a `GanlabError`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganlab import disk
from ganlab.assemble.plain_fields import plain_fields, read_fields
from ganlab.assemble.reading import numbers, read_json, read_lines, read_text
from ganlab.assemble.run_lock import Lock, held
from ganlab.assemble.run_place import check_length, check_name, check_room, check_runs, is_name, make_runs
from ganlab.disk import publish, sweep
from ganlab.errors import CheckpointError, RecipeError, StorageError, nearest
from ganlab.records import outcome_record
from ganlab.values import Ending, Fields, Outcome

BEFORE_THE_START = ("crash.log", "provenance.json", "fields.json", "lock")
"""What a run may leave behind that ended before it began; `recipe.toml` is written last, and makes it a run."""

ATTEMPTS = 1000


class RunDirectory:
    """One run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self._lock = Lock(path / "lock")

    @classmethod
    def claim(cls, runs: Path, name: str | None, recipe_name: str) -> RunDirectory:
        """A new directory below `runs`, mode 0700, locked. Without a name one is made from the recipe and the time.

        Raises `BusyError` if a run of that name is being played, `RecipeError` if there is one that is not or the
        place cannot hold one, and `StorageError` if the disk refuses. Nothing that exists is touched.
        """
        stem = name or f"{recipe_name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        if name is not None:
            check_name(name)
        check_length(runs / f"{stem}-{ATTEMPTS}")
        try:
            make_runs(runs)
            check_runs(runs)
            check_room(runs)
            for attempt in range(1, ATTEMPTS):
                directory = cls(runs / (stem if attempt == 1 or name is not None else f"{stem}-{attempt}"))
                with suppress(FileNotFoundError):  # its former owner gave it up between two of our steps: once more
                    if directory._made() or (name is not None and directory._taken_over(runs)):
                        return directory
        except OSError as error:
            raise StorageError(
                f"{runs}: cannot hold a run ({error.strerror}); choose another place with --runs"
            ) from error
        raise StorageError(f"{runs}: holds a thousand runs called {stem}; give a --name")

    def _made(self) -> bool:
        """Make and lock it; False if it is there."""
        try:
            disk.system.make_folder(self.path)
        except FileExistsError:
            return False
        try:
            disk.system.sync_folder(self.path.parent)
            self.lock()
        except (OSError, StorageError):
            with suppress(OSError):
                (self.path / "lock").unlink(missing_ok=True)
                self.path.rmdir()
            raise
        return True

    def _taken_over(self, runs: Path) -> bool:
        """Lock what a start left behind that was killed. Raises `RecipeError` if a run has begun here."""
        self.lock()
        if not self.never_began:
            self.unlock()
            raise RecipeError(
                f"a run '{self.name}' exists in {runs}; take another --name, or 'ganlab resume {self.name}'"
            )
        return True

    @classmethod
    def find(cls, run: str, runs: Path) -> RunDirectory:
        """The run of that name below `runs`, or at that path. Raises `RecipeError` if there is none.

        A name leads to a directory of `runs` and nowhere else; to follow links and '..' takes a path.
        """
        if is_name(run) and is_run(runs / run):
            if (runs / run).is_symlink():
                leads_to = os.path.realpath(runs / run)
                raise RecipeError(f"run '{run}' in {runs} is a symbolic link; name what it leads to: {leads_to}")
            return cls(runs / run)
        if is_run(path := Path(run)):
            return cls(path if path.name not in ("", "..") else Path(os.path.abspath(path)))
        known = [each.name for each in list_runs(runs)]
        raise RecipeError(f"no run '{run}' in {runs}.{nearest(run, known)} 'ganlab runs' shows {len(known)}")

    def lock(self) -> None:
        """Own the directory until `unlock` or the end of the process, and clear away what dead processes were still
        writing. Raises `BusyError` naming who owns it, `StorageError`."""
        self._lock.take()
        sweep(self.path)

    def unlock(self) -> None:
        """Let go of it."""
        self._lock.leave()

    @property
    def never_began(self) -> bool:
        """True if there is nothing in it but what is written before a run begins."""
        return set(os.listdir(self.path)) <= set(BEFORE_THE_START)

    @property
    def never_played(self) -> bool:
        """True if its process died before the first checkpoint and the first record: there is nothing to go on from,
        and nothing is lost if it begins."""
        records = self.path / "measurements.jsonl"
        played = any((self.path / "checkpoints").glob("*.ckpt*")) or (self.path / "outcome.json").exists()
        return not played and not (records.exists() and records.stat().st_size)

    def abandon(self) -> None:
        """Let go of it, and remove it if its run never began."""
        with suppress(OSError):  # the disk may refuse this too; why the run ended is told, not this
            if self.never_began:
                for name in BEFORE_THE_START:  # the lock last: until then nobody else begins here
                    (self.path / name).unlink(missing_ok=True)
                self.path.rmdir()
        self.unlock()

    def check(self) -> None:
        """Raise `StorageError` if it cannot be written to as a run needs, before anything is written."""
        check_runs(self.path.parent)
        for path in self.path.iterdir():
            if path.suffix in (".toml", ".json", ".jsonl") and path.exists() and not path.is_file():
                raise StorageError(f"{path}: is a directory or a pipe, expected a plain file; move it away")

    def check_checkpoint(self) -> None:
        """Raise `CheckpointError` if the run has none."""
        if not any((self.path / "checkpoints").glob("*.ckpt")):
            raise CheckpointError(
                f"run '{self.name}' ended before its first checkpoint; "
                f"begin another with 'ganlab run {self.path / 'recipe.toml'}'"
            )

    def write(self, name: str, text: str) -> None:
        """A file of the run, whole or not at all. Raises `StorageError`."""
        publish(text.encode(), self.path / name)

    def write_recipe(self, text: str) -> None:
        """What is played from now on. What was played before, or somebody wrote, is kept as `recipe-1.toml`, -2, ..."""
        path = self.path / "recipe.toml"
        before = path.read_bytes() if path.exists() else b""
        numbers = [
            int(each[1]) for name in os.listdir(self.path) if (each := re.fullmatch(r"recipe-(\d{1,9})\.toml", name))
        ]
        last = max(numbers, default=0)
        if before and not (last and (self.path / f"recipe-{last}.toml").read_bytes() == before):
            publish(before, self.path / f"recipe-{last + 1}.toml")
        self.write("recipe.toml", text)

    def recipe_text(self) -> str | None:
        """The recipe as it stands there; None if it is lost: missing, empty, or no text."""
        text = read_text(self.path / "recipe.toml")
        return text if text and text.strip("\0 \n") else None

    def write_fields(self, fields: Sequence[Fields]) -> None:
        """What the data of each stage are made of, so that sampling does not need them."""
        self.write("fields.json", json.dumps([plain_fields(each) for each in fields], indent=1))

    def fields(self) -> list[Fields]:
        """What `write_fields` wrote. Raises `CheckpointError` if it is lost."""
        try:
            return [read_fields(each) for each in read_json(self.path / "fields.json")]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise CheckpointError(
                f"{self.path / 'fields.json'}: is missing or damaged; "
                f"'ganlab resume {self.name}' with a larger budget writes it anew"
            ) from None

    def write_outcome(self, outcome: Outcome) -> None:
        """How the run ended."""
        told = outcome_record(outcome) | {"fraction": outcome.progress.fraction, "seconds": round(outcome.seconds, 3)}
        self.write("outcome.json", json.dumps(told, indent=1))

    def provenance(self) -> dict[str, Any]:
        """Where its numbers come from; empty if that cannot be read."""
        found = read_json(self.path / "provenance.json")
        return found if isinstance(found, dict) else {}

    def outcome(self) -> dict[str, Any] | None:
        """How it ended; None if it has not, or nobody can read how."""
        found = read_json(self.path / "outcome.json")
        if not isinstance(found, dict) or found.get("ending") not in list(Ending):
            return None
        return found if numbers(found, "kimg", "round", "seconds") else None

    def ending(self) -> str:
        """How it ended, in a word: an `Ending`, "playing", or "broken off" if its process did not live to say."""
        if (outcome := self.outcome()) is not None:
            return str(outcome["ending"])
        return "playing" if held(self.path / "lock") else "broken off"

    def goes_on(self) -> None:
        """From now on the run has not ended. Raises `StorageError`."""
        try:
            if (self.path / "outcome.json").exists():
                disk.system.remove(self.path / "outcome.json")
        except OSError as error:
            raise StorageError(f"outcome.json: cannot be removed ({error.strerror}); choose another place") from error

    def keep_records(self) -> None:
        """Copies of the records as they are, as `measurements-1.jsonl`, -2, ...: a run that goes back cuts them."""
        for path in sorted(self.path.glob("*.jsonl")):
            if re.fullmatch(r"[a-z]+\.jsonl", path.name):
                number = 1 + sum(1 for _ in self.path.glob(f"{path.stem}-*.jsonl"))
                publish(path.read_bytes(), path.with_name(f"{path.stem}-{number}.jsonl"))

    def measurements(self) -> list[dict[str, Any]]:
        """What was measured, one tick each, up to the first line that is torn."""
        return read_lines(self.path / "measurements.jsonl")


def is_run(path: Path) -> bool:
    """True if a run has begun there; what was exported of one is none."""
    begun = (path / "recipe.toml").exists() or (path / "checkpoints").is_dir()
    return begun and not (path / "export.json").exists()


def list_runs(runs: Path) -> list[RunDirectory]:
    """Every run below `runs`, by name."""
    if not runs.is_dir():
        return []
    with os.scandir(runs) as found:
        folders = sorted(each.name for each in found if each.is_dir(follow_symlinks=False))
    return [RunDirectory(runs / name) for name in folders if is_run(runs / name)]
