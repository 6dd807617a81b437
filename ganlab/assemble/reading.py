"""Small files of a run as they may be found after years: cut, emptied, overwritten, made by hand, no files at all.

Nothing here waits for a pipe, follows a deep nesting down, or trusts a type.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

MOST_BYTES = 16 << 20


def open_plain(path: Path) -> BinaryIO:
    """The file, opened for reading. Raises `OSError` if it is missing or no plain file."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "is no plain file", str(path))
    return file


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records in a file of JSON lines, up to the first that is torn."""
    found = []
    try:
        with open_plain(path) as file:
            for line in file:
                record = json.loads(line)
                if not isinstance(record, dict):
                    break
                found.append(record)
    except (OSError, ValueError, RecursionError):
        pass
    return found


def read_text(path: Path) -> str | None:
    """The file's text; None if it is missing, no plain file, larger than 16 MiB or not UTF-8."""
    try:
        with open_plain(path) as file:
            raw = file.read(MOST_BYTES + 1)
        return raw.decode() if len(raw) <= MOST_BYTES else None
    except (OSError, ValueError):
        return None


def read_json(path: Path) -> Any:
    """What is in the JSON file; None if that cannot be read."""
    text = read_text(path)
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_number(value: Any) -> bool:
    """True for a finite number of a size that can be printed."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18 and math.isfinite(value)


def numbers(record: Mapping[str, Any], *names: str) -> bool:
    """True if each of these is in the record, and a number."""
    return all(is_number(record.get(name)) for name in names)
