"""A file that only grows, by whole pieces: its size is known to the byte, so that a resumed run can go on there."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

log = logging.getLogger("ganlab")


class AppendedFile:
    """`size` is what the file holds. Opened with a `size`, it is cut to that: what came later is not true any more."""

    def __init__(self, path: Path, size: int | None = None) -> None:
        self.path = path
        self._file = path.open("ab", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size
        if size is None or size == self.size:
            return
        if size < self.size:
            self._file.truncate(size)
            self.size = size
        else:
            log.warning("%s has lost its last %d bytes; the record has a gap there", path.name, size - self.size)

    def append(self, piece: bytes) -> None:
        """Write all of `piece`; if the disk refuses, the file is cut back to what it held and OSError is raised."""
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(self.size)
            raise
        self.size += len(piece)

    def sync(self) -> None:
        """Wait until the disk has it: a checkpoint is about to refer to `size`."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more pieces."""
        self._file.close()
