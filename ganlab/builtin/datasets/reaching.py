"""Opening what lies below a folder, as what it is: no link is followed, no pipe is waited for, no path is too long."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from ganlab.builtin.datasets.problems import UnusableNow

LARGEST_FILE = 1 << 29
"""Bytes of a file that are read: 64 megapixels of 8 bytes each."""

OPENING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
ENTERING = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

LONGEST_PATH = 1000
"""Bytes of a path that are handed to the system at once; it takes 4,096 on Linux and 1,024 on macOS."""

Stamp: TypeAlias = tuple[int, int, int]
"""Size, and time of the last change of content and of anything, in nanoseconds: while they stay, so does the file."""


def read(root: Path, name: str) -> tuple[bytes, Stamp]:
    """All bytes of a regular file below `root`, and its stamp. Raises `UnusableNow`."""
    try:
        status(root, name)  # a device may act when it is opened, so it is looked at first
        with _near(root, name) as (folder, rest):
            descriptor = os.open(rest, OPENING, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            _check(found)
            data = file.read(found.st_size + 1)
    except OSError as error:
        raise UnusableNow(f"unreadable: {error.strerror}") from None
    if len(data) > found.st_size:
        raise UnusableNow("growing while it is read")
    return data, _stamp(found)


def status(root: Path, name: str) -> Stamp:
    """The stamp of a regular file below `root`. Raises `UnusableNow`."""
    path = f"{root}{os.sep}{name}"
    try:
        if 4 * len(path) <= LONGEST_PATH:  # as nearly always, and a million times over
            found = os.stat(path, follow_symlinks=False)
        else:
            with _near(root, name) as (folder, rest):
                found = os.stat(rest, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        raise UnusableNow(f"unreadable: {error.strerror}") from None
    _check(found)
    return _stamp(found)


def first_bytes(root: Path, name: str, count: int) -> bytes:
    """The first bytes of a regular file; none if it is something else or cannot be read."""
    try:
        status(root, name)
        with _near(root, name) as (folder, rest):
            descriptor = os.open(rest, OPENING, dir_fd=folder)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            return file.read(count) or b""
    except (OSError, UnusableNow):
        return b""


@contextmanager
def entries(root: Path, name: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """What lies in a folder below `root`; "" is `root` itself. Raises `OSError`."""
    with _near(root, name) as (folder, rest):
        place: int | str = rest if folder is None else os.open(rest, ENTERING, dir_fd=folder)
    try:
        with os.scandir(place) as found:
            yield found
    finally:
        if isinstance(place, int):
            os.close(place)


@contextmanager
def _near(root: Path, name: str) -> Iterator[tuple[int | None, str]]:
    """A folder that is open, or None, and the rest of the path from there, which is short enough for the system."""
    rest = os.fsencode(os.path.join(root, name) if name else root)
    inside = len(rest) - len(os.fsencode(name))
    folder = None
    try:
        while len(rest) > LONGEST_PATH and (cut := rest.rfind(b"/", 1, LONGEST_PATH)) > 0:
            outside = inside > cut  # the way to the folder may lead over links
            inner = os.open(rest[:cut], ENTERING & ~os.O_NOFOLLOW if outside else ENTERING, dir_fd=folder)
            if folder is not None:
                os.close(folder)
            folder, rest, inside = inner, rest[cut + 1 :], inside - cut - 1
        yield folder, os.fsdecode(rest)
    finally:
        if folder is not None:
            os.close(folder)


def _check(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UnusableNow("not a regular file")
    if found.st_size > LARGEST_FILE:
        raise UnusableNow(f"over {LARGEST_FILE >> 20} MiB")


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
