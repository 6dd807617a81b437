"""Lines of a file that may be anything: half a line at its end, a gigabyte without any, UTF-16, colours, a pipe.

Nothing here waits for a pipe, trusts an encoding or holds a whole file in memory.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ganlab import DataError

LONGEST = 1 << 16
"""Bytes of a line that are looked at; what is longer is cut into pieces of that length."""

COLOURS = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]")


def opened(path: Path) -> BinaryIO:
    """The file, for reading. Raises `DataError` if it is missing, closed to us or no plain file."""
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError(errno.EINVAL, "is no plain file")
    except OSError as error:
        raise DataError(f"'{path}' cannot be read ({error.strerror}); expected a plain file that is yours") from None
    return file


def lines(path: Path, having: Sequence[bytes]) -> Iterator[tuple[str, bool]]:
    """The lines that have one of those words, and whether each is whole: the last may have been cut in its middle.

    A carriage return ends a line too (progress bars), colours are left out, what is no text becomes a question mark.
    Raises `DataError`.
    """
    with opened(path) as file:
        try:
            while raw := file.readline(LONGEST):
                whole = raw.endswith((b"\n", b"\r"))
                raw = COLOURS.sub(b"", raw.replace(b"\0", b""))  # UTF-16 is ASCII with a zero beside each letter
                if not any(word in raw for word in having):
                    continue
                pieces = raw.strip(b"\r\n").split(b"\r")
                for number, piece in enumerate(pieces, 1):
                    if any(word in piece for word in having):
                        yield piece.decode("ascii", "replace"), whole or number < len(pieces)
        except OSError as error:
            raise DataError(f"'{path}' cannot be read to its end ({error.strerror}); copy it elsewhere") from None


def records(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The JSON objects in a file of such lines, and how many lines were none. Raises `DataError`."""
    found: list[dict[str, Any]] = []
    spoilt = 0
    with opened(path) as file:
        while raw := file.readline(1 << 22):
            if not raw.strip():
                continue
            try:
                record = json.loads(raw.replace(b"\0", b""))
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                found.append(record)
            else:
                spoilt += 1
    return found, spoilt


def number(value: Any) -> float | None:
    """The number, NaN and infinity too; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
