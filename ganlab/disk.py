"""The one thin layer through which ganlab writes: a file is there whole, or not at all, even after a power loss.

Everything a run leaves behind goes through `system`, one operation at a time. A test puts another `System` in its
place that refuses, or loses power, at any operation it likes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from pathlib import Path

from ganlab.errors import StorageError

log = logging.getLogger("ganlab")

TEMPORARY = re.compile(r".+\.tmp\.\d+")
"""Names of files that are being written; one that nobody is writing is left over from a process that died."""


class System:
    """What an operating system offers. Each method is one operation, raises `OSError`, and may be the last."""

    def create(self, path: Path) -> int:
        """Open a file for writing that was not there."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def open(self, path: Path) -> int:
        """Open a file for appending, and make it if it is not there."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(path, flags, 0o600)  # a pipe that nobody reads refuses instead of waiting

    def write(self, file: int, piece: memoryview) -> int:
        """Write some of `piece`; how many bytes."""
        return os.write(file, piece)

    def cut(self, file: int, size: int) -> None:
        """Shorten to `size` bytes."""
        os.ftruncate(file, size)

    def sync(self, file: int) -> None:
        """Wait until the disk has all that was written."""
        os.fsync(file)

    def close(self, file: int) -> None:
        """Let go of it."""
        os.close(file)

    def rename(self, source: Path, target: Path) -> None:
        """Give it another name; what had that name is gone."""
        os.replace(source, target)

    def remove(self, path: Path) -> None:
        """Take its name away."""
        path.unlink()

    def make_folder(self, path: Path) -> None:
        """Make a folder that only its owner may enter."""
        path.mkdir(mode=0o700)

    def sync_folder(self, path: Path) -> None:
        """Wait until the disk has the names in the folder."""
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


system = System()


def publish(raw: bytes, path: Path) -> None:
    """Write `raw` so that `path` holds either what it held before or all of it, even after a power loss.

    Raises `StorageError` if the disk refuses; what was there before is intact then.
    """
    temporary = path.with_name(f"{path.name}.tmp.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)  # of an earlier process with this number
        file = system.create(temporary)
        try:
            write_all(file, raw)
            system.sync(file)
        finally:
            system.close(file)
        system.rename(temporary, path)
        system.sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            system.remove(temporary)
        raise StorageError(
            f"{path.name}: cannot be written ({error.strerror}); make room or choose another place with --runs"
        ) from error


def write_all(file: int, raw: bytes) -> None:
    """Write all of `raw`. Raises `OSError`; some of it may be written then."""
    rest = memoryview(raw)
    while rest:
        rest = rest[system.write(file, rest) :]


def make_folder(path: Path) -> None:
    """Make the folder, and those above it, unless they are there. Raises `StorageError`."""
    try:
        if path.is_dir():
            return
        if not path.parent.is_dir():
            make_folder(path.parent)
        with contextlib.suppress(FileExistsError):
            system.make_folder(path)
        system.sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"{path.name}: cannot be made ({error.strerror}); choose another place") from error


def sweep(folder: Path) -> None:
    """Remove what processes that died were still writing below `folder`. Only for who owns it."""
    for path in [each for each in folder.rglob("*.tmp.*") if TEMPORARY.fullmatch(each.name)]:
        with contextlib.suppress(OSError):
            system.remove(path)


class AppendedFile:
    """A file that only grows, by whole pieces: `size` is what it holds, to the byte, so that a resumed run can go on
    there. Opened with a `size`, it is cut to that: what came later is not true any more."""

    def __init__(self, path: Path, size: int | None = None) -> None:
        self.path = path
        new = not path.exists()
        self._file = system.open(path)
        self._torn = False
        try:
            if new:
                system.sync_folder(path.parent)
            self.size = os.fstat(self._file).st_size
            if size is not None and size < self.size:
                self.cut(size)
        except OSError:
            system.close(self._file)
            raise
        if size is not None and size > self.size:
            log.warning("%s has lost its last %d bytes; the record has a gap there", path.name, size - self.size)

    def append(self, piece: bytes) -> None:
        """Write all of `piece`. Raises `OSError` if the disk refuses; the file then holds what it held before."""
        if self._torn:
            self.cut(self.size)
        try:
            write_all(self._file, piece)
        except OSError:
            with contextlib.suppress(OSError):
                self.cut(self.size)
            raise
        self.size += len(piece)

    def cut(self, size: int) -> None:
        """Hold no more than `size` bytes. Where the disk refuses even that, `append` tries again before it writes."""
        self.size, self._torn = size, True
        system.cut(self._file, size)
        self._torn = False

    def sync(self) -> None:
        """Wait until the disk has it: a checkpoint is about to refer to `size`."""
        system.sync(self._file)

    def close(self) -> None:
        """No more pieces. What was synced is safe, so a refusal is of no interest any more."""
        with contextlib.suppress(OSError):
            system.close(self._file)
