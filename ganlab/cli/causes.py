"""Exceptions of others whose cause a person can remove: a full disk, no memory, too many open files.

Libraries wrap what the system said, or keep only its words, so the whole chain is looked at: torch tells of a full disk
as `RuntimeError: unexpected pos 704 vs 598`, safetensors as an error without a number.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator

from ganlab.cli.words import on_one_line
from ganlab.errors import GanlabError, OutOfMemoryError, RecipeError, StorageError
from ganlab.validation import short

ADVICE = {
    errno.ENOSPC: "make room, or choose another place",
    errno.EDQUOT: "make room, or choose another place",
    errno.EFBIG: "raise the limit with 'ulimit -f', or choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.EACCES: "choose a place that is yours, or change its permissions",
    errno.EPERM: "choose a place that is yours, or change its permissions",
    errno.EIO: "the disk may be failing: look at the system's log, and choose another place",
    errno.ESTALE: "the network disk has gone away; choose another place",
    errno.ENOTCONN: "the network disk has gone away; choose another place",
    errno.ENODEV: "the disk has gone away; choose another place",
    errno.ENXIO: "the disk has gone away; choose another place",
    errno.EBUSY: "another program holds it; choose another place",
    errno.ENOLCK: "this disk knows no locks; choose another place",
    errno.ELOOP: "links lead in a circle; choose another place",
    errno.EMFILE: "raise the limit with 'ulimit -n'",
    errno.ENFILE: "raise the limit with 'ulimit -n'",
}
"""What a disk or a system says when it refuses, and what to do; every other OSError is a mistake of ours."""

TORN = ("unexpected pos", "iostream error", "failed writing file", "file write failed")
"""What torch says of a file that could not be written whole, where it keeps no number."""

NUMBERED = re.compile(r"\(os error (\d+)\)")
"""How safetensors, and all that is written in Rust, ends what the system said."""

NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "std::bad_alloc",
    "storage size calculation overflowed",
    "integer multiplication overflow",
    "larger than the maximum possible size",
    "alloc_failed",
)
"""What the allocators of torch and numpy say: on the CPU torch's is a plain RuntimeError."""


def recognised(error: BaseException) -> GanlabError | None:
    """What it is in our words, or None if it is a bug."""
    for each in chain(error):
        words = on_one_line(text_of(each))
        found = number_of(each, words)
        if isinstance(each, MemoryError) or found == errno.ENOMEM or any(part in words.lower() for part in NO_MEMORY):
            return OutOfMemoryError(
                f"no memory left ({short(words, 200) or 'MemoryError'}); "
                "take a smaller batch_size, a larger 'accumulate', or smaller networks"
            )
        if found == errno.ENAMETOOLONG:
            return RecipeError(f"{place_of(each)}is too long for a name on this disk; take a shorter one")
        if found in ADVICE:
            return StorageError(f"{place_of(each)}the system refuses ({os.strerror(found)}); {ADVICE[found]}")
        if any(part in words.lower() for part in TORN):
            return StorageError(f"a file could not be written whole ({short(words, 200)}); {ADVICE[errno.ENOSPC]}")
    return None


def number_of(error: BaseException, words: str) -> int:
    """The system's number for what went wrong; 0 if there is none."""
    if isinstance(error, OSError):
        return error.errno or 0
    told = NUMBERED.search(words)
    return int(told[1]) if told and len(told[1]) < 5 else 0


def place_of(error: BaseException) -> str:
    """The file it is about, to begin a sentence with."""
    name = getattr(error, "filename", None)
    if name is None:
        return ""
    return f"{short(os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name), 300)}: "


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those it came from: a full disk hides deep in torch's."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def text_of(error: BaseException) -> str:
    """What it says; an exception of others may fail at that too."""
    try:
        return str(error)
    except Exception as second:
        return f"no text, its own raises {type(second).__name__}"
