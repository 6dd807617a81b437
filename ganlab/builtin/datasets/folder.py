"""What lies in a folder of pictures: which files are candidates, and what was passed over.

Hidden entries and symbolic links are passed over. A file counts as a picture by its ending, or, whatever its ending,
by its first bytes. Names are ordered by their bytes, so that the order depends on no locale.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ganlab import DataError
from ganlab.builtin.datasets.problems import Problems, shown
from ganlab.builtin.datasets.reaching import entries, first_bytes

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
LINKS = "symbolic links"


@dataclass
class Contents:
    """Candidates below `root`, relative to it, of which `disguised` have no picture's ending; `passed` counts, by kind,
    what was passed over."""

    root: Path
    names: list[str] = field(default_factory=list)
    folders: int = 0
    disguised: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    problems: Problems = field(default_factory=Problems)

    def __str__(self) -> str:
        passed = ", ".join(f"{count} {kind}" for kind, count in sorted(self.passed.items()))
        return f"{passed or 'nothing'} in {self.folders} {'folder' if self.folders == 1 else 'folders'}"

    def refuse_empty(self) -> None:
        """Raise `DataError` if there is no picture."""
        if not self.names and not self.problems:
            raise DataError(
                f"no picture in '{shown(str(self.root))}': found {self}; looked for {' '.join(ENDINGS)} and, whatever "
                "the ending, for the first bytes of PNG, JPEG, GIF, TIFF and WebP"
            )


def walk(root: Path) -> Contents:
    """Everything below `root`. Raises `DataError` if there is no such folder."""
    if not os.path.isdir(root):
        what = "is a file, not a folder" if os.path.exists(root) else "does not exist"
        raise DataError(f"folder '{shown(str(root))}' {what}; path names a folder of pictures")
    contents = Contents(root)
    ahead = [""]
    while ahead:
        folder = ahead.pop()
        try:
            _look_into(contents, folder, ahead)
        except OSError as error:
            contents.problems.add(f"unreadable: {error.strerror}", f"{folder or '.'}/")
    contents.names.sort(key=os.fsencode)
    return contents


def _look_into(contents: Contents, folder: str, ahead: list[str]) -> None:
    with entries(contents.root, folder) as found:
        contents.folders += 1
        for entry in found:  # one at a time: there may be a million
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith("."):
                contents.passed["hidden"] += 1
            elif entry.is_symlink():
                contents.passed[LINKS] += 1
            elif entry.is_dir(follow_symlinks=False):
                ahead.append(name)
            elif entry.name.lower().endswith(ENDINGS):
                contents.names.append(name)
            elif begins_like_a_picture(contents.root, name):
                contents.names.append(name)
                contents.disguised += 1
            else:
                contents.passed["other files"] += 1


def begins_like_a_picture(root: Path, name: str) -> bool:
    """Whether the first bytes of the file below `root` are those of a format that is read."""
    head = first_bytes(root, name, 16)
    return head.startswith(SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
