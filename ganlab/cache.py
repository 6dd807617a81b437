"""What took long to compute, kept in the user's cache directory so that the next process need not compute it again.

One file per thing: the SHA-256 of what follows, then the bytes. An entry that is damaged, not ours or no plain file is
as good as none, and a place that cannot be written to is not missed: a cache changes how long something takes, and
nothing else. All entries together stay below `MOST_BYTES`; the oldest go first.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

from ganlab import disk
from ganlab.errors import StorageError

log = logging.getLogger("ganlab")

MOST_BYTES = 1 << 30
ENTRY_BYTES = 1 << 28
"""The most one entry may take; a larger one is not kept."""

ENDING = ".kept"


def fetch(name: str) -> bytes | None:
    """The bytes kept under `name`, to the bit, or None."""
    try:
        descriptor = os.open(_place(name), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > 32 + ENTRY_BYTES:
                return None
            digest, body = file.read(32), file.read()
    except (OSError, RuntimeError):
        return None
    return body if hashlib.sha256(body).digest() == digest else None


def keep(name: str, raw: bytes) -> None:
    """Keep the bytes under `name`, if the system lets us."""
    if len(raw) > ENTRY_BYTES:
        return
    try:
        place = _place(name)
    except RuntimeError:  # this user has no home
        return
    try:
        disk.make_folder(place.parent)
        _make_room(place.parent, len(raw) + 32)
        disk.publish(hashlib.sha256(raw).digest() + raw, place)
    except (OSError, StorageError) as error:
        log.debug("'%s' is not kept: %s", name, error)
    finally:
        with suppress(OSError):  # interrupted while it was written
            os.unlink(f"{place}.tmp.{os.getpid()}")


def folder() -> Path:
    """`$GANLAB_CACHE`, else `$XDG_CACHE_HOME/ganlab`, else `~/.cache/ganlab`. Raises `RuntimeError` if there is no
    place for one."""
    if chosen := os.environ.get("GANLAB_CACHE"):
        return Path(chosen).absolute()
    shared = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(shared) if os.path.isabs(shared) else Path.home() / ".cache") / "ganlab"


def _place(name: str) -> Path:
    return folder() / f"{name}{ENDING}"


def _make_room(within: Path, wanted: int) -> None:
    """Remove the oldest entries until `wanted` bytes more are allowed. Another process may be doing the same."""
    entries = []
    for path in within.glob(f"*{ENDING}"):
        with suppress(OSError):
            found = path.lstat()
            entries.append((found.st_mtime, found.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total + wanted <= MOST_BYTES:
            return
        with suppress(OSError):
            disk.system.remove(path)
        total -= size
