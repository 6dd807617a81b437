"""What lies in a folder of pictures: which files are candidates, and what was passed over.

Hidden entries and symbolic links are passed over. A file counts as a picture by its ending, or, whatever its ending,
by its first bytes. Names are ordered by their bytes, so that the order depends on no locale.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ganlab import DataError
from ganlab.builtin.datasets.problems import Problems, Unusable, shown

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
LINKS = "symbolic links"
LARGEST_FILE = 1 << 30
OPENING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass
class Contents:
    """Candidates below `root`, relative to it; `passed` counts, by kind, what was passed over."""

    root: Path
    names: list[str] = field(default_factory=list)
    folders: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    problems: Problems = field(default_factory=Problems)

    def __str__(self) -> str:
        passed = ", ".join(f"{count} {kind}" for kind, count in sorted(self.passed.items()))
        return f"{passed or 'nothing'} in {self.folders} {'folder' if self.folders == 1 else 'folders'}"


def walk(root: Path) -> Contents:
    """Everything below `root`. Raises `DataError` if there is no such folder, or no picture in it."""
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DataError(f"folder '{shown(str(root))}' {what}; path names a folder of pictures")
    contents = Contents(root)
    _look_into(contents)
    contents.names.sort(key=os.fsencode)
    if not contents.names and not contents.problems:
        raise DataError(
            f"no picture in '{shown(str(root))}': found {contents}; looked for {' '.join(ENDINGS)} and, whatever the "
            "ending, for the first bytes of PNG, JPEG, GIF, TIFF and WebP"
        )
    return contents


def read(path: Path) -> bytes:
    """All bytes of a regular file, without following a link in its last part and without waiting on a pipe."""
    try:
        descriptor = os.open(path, OPENING)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unusable("not a regular file")
            if status.st_size > LARGEST_FILE:
                raise Unusable("over 1 GiB")
            return file.read()
    except OSError as error:
        raise Unusable(f"unreadable: {error.strerror}") from None


def _look_into(contents: Contents) -> None:
    ahead = [""]
    while ahead:
        folder = ahead.pop()
        try:
            entries = list(os.scandir(contents.root / folder))
        except OSError as error:
            contents.problems.add(f"unreadable: {error.strerror}", f"{folder or '.'}/")
            continue
        contents.folders += 1
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith("."):
                contents.passed["hidden"] += 1
            elif entry.is_symlink():
                contents.passed[LINKS] += 1
            elif entry.is_dir(follow_symlinks=False):
                ahead.append(name)
            elif entry.name.lower().endswith(ENDINGS) or _begins_like_a_picture(contents.root / name):
                contents.names.append(name)
            else:
                contents.passed["other files"] += 1


def _begins_like_a_picture(path: Path) -> bool:
    try:
        descriptor = os.open(path, OPENING)
        with os.fdopen(descriptor, "rb") as file:
            head = file.read(16) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return False
    return head.startswith(SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
