"""Which plugins have come through a trial: a list of hashes in the user's cache, so that it costs its time only once.

A hash covers what an installer writes and the plugin's own file. That it came through is all that is kept: what it
registers is asked each time. A cache that cannot be read or written only means that plugins are tried again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ganlab.errors import StorageError
from ganlab.plugins.discovery import Found

MOST = 1000
"""Hashes that are kept: the newest."""

LARGEST = 1 << 20


def vetted(found: Found) -> bool:
    """True if the plugin, as it is now, came through a trial."""
    return fingerprint(found) in _known()


def remember(found: Sequence[Found]) -> None:
    """These came through."""
    from ganlab.disk import make_folder, publish

    path = _path()
    new = [fingerprint(each) for each in found]
    if not new or path is None:
        return
    kept = [each for each in _known() if each not in new] + new
    try:
        make_folder(path.parent)
        publish(json.dumps(kept[-MOST:]).encode(), path)
    except (StorageError, OSError):
        return


def fingerprint(found: Found) -> str:
    """A hash of what would be imported: where it is, which version, and when its file was written."""
    entry_point = found.entry_point
    if entry_point is None:
        return ""
    parts = [sys.version, sys.prefix, str(found.origin), entry_point.value]
    try:
        spec = find_spec(entry_point.module.partition(".")[0])
        file = spec.origin if spec else None
        status = os.stat(file) if file else None
    except (ImportError, ValueError, AttributeError, OSError):
        file = status = None
    parts += [str(file), str(status and (status.st_size, status.st_mtime_ns, status.st_ino))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _known() -> list[str]:
    path = _path()
    try:
        if path is None or path.stat().st_size > LARGEST:
            return []
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [each for each in told if isinstance(each, str) and each] if isinstance(told, list) else []


def _path() -> Path | None:
    """In `$GANLAB_CACHE`, else `$XDG_CACHE_HOME/ganlab`, else `~/.cache/ganlab`."""
    shared = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.environ.get("GANLAB_CACHE") or os.path.join(shared, "ganlab")
    return Path(folder, "tried-plugins.json") if os.path.isabs(folder) else None
