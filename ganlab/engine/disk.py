"""The one thin layer through which the engine writes: a file is there whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ganlab.errors import StorageError


def publish(raw: bytes, path: Path) -> None:
    """Write `raw` so that `path` holds either what it held before or all of it, even after a power loss.

    Raises `StorageError` if the disk refuses; what was there before is intact then.
    """
    temporary = path.with_name(f"{path.name}.tmp.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(
            f"{path.name}: cannot be written ({error.strerror}); make room or choose another place with --runs"
        ) from error
