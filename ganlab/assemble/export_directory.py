"""A generator by itself, in a directory that can be carried to another machine: needs neither run nor data.

generator.safetensors (weights, `player/name`) recipe.toml fields.json (what the data were made of) export.json

export.json says what the others are, to the byte: a SHA-256 of each, and of itself. It tells damage, not a forger.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ganlab import disk
from ganlab.assemble.plain_fields import read_fields
from ganlab.assemble.reading import read_json
from ganlab.assemble.run_directory import RunDirectory, is_run
from ganlab.assemble.run_place import is_name
from ganlab.errors import CheckpointError, StorageError
from ganlab.values import Fields

FORMAT = 1
ABOUT = "export.json"
WEIGHTS, RECIPE, FIELDS = "generator.safetensors", "recipe.toml", "fields.json"


class ExportDirectory:
    """An export on disk. Whatever became of its files, reading them raises nothing but a `CheckpointError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name or os.path.basename(os.path.abspath(path))

    def about(self) -> dict[str, Any]:
        """What export.json says, if it is whole and of a format that is known."""
        told = read_json(self.path / ABOUT)  # at most 16 MiB
        if not isinstance(told, dict) or type(told.get("format")) is not int:
            raise CheckpointError(f"{self.path / ABOUT}: is damaged, or of another program; export the run again")
        if told["format"] > FORMAT:
            made_by = str(told.get("ganlab"))[:20]
            raise CheckpointError(
                f"{self.path / ABOUT}: has format {told['format']}, and this ganlab reads up to {FORMAT}; "
                f"it was made by ganlab {made_by}: upgrade to that"
            )
        if told["format"] < 1 or told.get("sha256") != digest_of(told):
            raise CheckpointError(f"{self.path / ABOUT}: is damaged (its SHA-256 does not match); export the run again")
        return told

    def read(self, name: str) -> bytes:
        """One of its files, if it is to the byte what export.json says."""
        path = self.path / name
        files = self.about().get("files")
        told = files.get(name) if isinstance(files, dict) else None
        if not isinstance(told, dict):
            raise CheckpointError(f"{self.path / ABOUT}: does not say what {name} is; export the run again")
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise CheckpointError(f"{path}: is no plain file; export the run again")
                if status.st_size != told.get("bytes"):
                    sizes = f"{status.st_size} bytes, expected {told.get('bytes')}"
                    raise CheckpointError(f"{path}: is damaged ({sizes}); export the run again")
                raw = file.read()
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read ({error.strerror}); export the run again") from None
        if hashlib.sha256(raw).hexdigest() != told.get("sha256"):
            raise CheckpointError(f"{path}: is damaged (its SHA-256 does not match); export the run again")
        return raw

    def fields(self) -> list[Fields]:
        """What the data of each stage were made of."""
        try:
            return [read_fields(each) for each in json.loads(self.read(FIELDS))]
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise CheckpointError(f"{self.path / FIELDS}: cannot be read; export the run again") from None


def find_generator(run: str, runs: Path) -> RunDirectory | ExportDirectory:
    """The run or export of that name below `runs`, or else at that path. Raises `RecipeError` if there is none."""
    named = [runs / run] if is_name(run) else []
    for path in (*named, Path(run)):
        if is_run(path):
            break
        if os.path.lexists(path / ABOUT):
            return ExportDirectory(path)
    return RunDirectory.find(run, runs)


def write_export(
    target: Path, about: Mapping[str, Any], files: Mapping[str, bytes], check: Callable[[ExportDirectory], None]
) -> None:
    """Make the directory `target`, which is not there yet, with these files; whole or not at all.

    `check` sees it before it takes its name, and may raise. Raises `StorageError` if the disk refuses; nothing is left
    behind then.
    """
    told = dict(about) | {
        "format": FORMAT,
        "files": {name: {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()} for name, raw in files.items()},
    }
    text = json.dumps(told | {"sha256": digest_of(told)}, indent=1)
    temporary = target.with_name(f"{target.name}.tmp.{os.getpid()}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)  # of an earlier process with this number
        disk.system.make_folder(temporary)
        for name, raw in {**files, ABOUT: text.encode()}.items():
            file = disk.system.create(temporary / name)
            try:
                disk.write_all(file, raw)
                disk.system.sync(file)
            finally:
                disk.system.close(file)
        disk.system.sync_folder(temporary)
        check(ExportDirectory(temporary))
        disk.system.rename(temporary, target)
        disk.system.sync_folder(target.parent)
    except OSError as error:
        raise StorageError(
            f"{target}: cannot be written ({error.strerror}); make room or choose another place"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def digest_of(told: Mapping[str, Any]) -> str:
    """SHA-256 of what export.json says, whatever its layout; "sha256" itself left out."""
    plain = {name: value for name, value in told.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
