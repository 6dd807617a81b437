"""The memory that a round frees is what the next one asks for."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD = -3, -1, -2
"""What `mallopt` calls them."""

KEPT = {MMAP_THRESHOLD: 32 << 20, TRIM_THRESHOLD: 256 << 20, TOP_PAD: 16 << 20}
"""Bytes: larger pieces still go back to the system at once, and so does what is free at the end of the heap beyond."""

ASKED = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES")
"""Variables by which a user sets them."""


def keep_freed_memory() -> None:
    """Let the allocator of the GNU C library keep what is freed. As it comes, it gives pieces of a few hundred KiB back
    to the system, which hands them out again empty, page by page: a tenth of the time of a game of pictures
    (`benchmarks/LOG.md`). Another allocator, and what the user has asked for, are left alone."""
    if any(name in os.environ for name in ASKED):
        return
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        for which, count in KEPT.items():
            library.mallopt(which, count)
