"""What was once found out about the files of a folder, kept so that the next start need not decode them again.

One manifest per folder, in `$GANLAB_CACHE`, else `$XDG_CACHE_HOME/ganlab`, else `~/.cache/ganlab`: the SHA-256 of what
follows, then compressed lines of JSON, one per file, in the order of their names' bytes. It knows nothing of recipes,
so that every recipe shares it. A manifest that is damaged, not ours or of another version is as good as none, and one
that cannot be written is not missed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import zlib
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import PIL

from ganlab import StorageError, disk
from ganlab.builtin.datasets.opening import Facts
from ganlab.builtin.datasets.reaching import Stamp

log = logging.getLogger("ganlab")

FORMAT = f"ganlab manifest 1, Pillow {PIL.__version__}"
"""First line: another decoder may think otherwise of a file."""

PIECE = 1 << 20
LONGEST_LINE = 1 << 20


class Record(NamedTuple):
    """A file's stamp, the SHA-256 of its content, and what is known of it: facts, or why it cannot be used."""

    stamp: Stamp
    digest: bytes
    verdict: Facts | str


@dataclass(frozen=True)
class Manifest:
    """Records by name, still packed. `digest` is the SHA-256 of the whole; one that is not there is empty."""

    digest: bytes = b""
    body: bytes = b""

    def records(self) -> Iterator[tuple[str, Record]]:
        """Each file's record, in the order of their names' bytes. Ends early where the manifest makes no sense."""
        if self.body:
            facts: dict[tuple[Any, ...], Facts] = {}
            with suppress(ValueError, TypeError, ArithmeticError, RecursionError, zlib.error):
                lines = _lines(self.body)
                if json.loads(next(lines, b"null")) == FORMAT:
                    for line in lines:
                        yield _record(json.loads(line.decode()), facts)


def load(root: Path) -> Manifest:
    """The manifest of that folder, or an empty one."""
    try:
        descriptor = os.open(_place(root), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                return Manifest()
            digest, body = file.read(32), file.read()
    except (OSError, RuntimeError):
        return Manifest()
    return Manifest(digest, body) if hashlib.sha256(body).digest() == digest else Manifest()


def save(root: Path, records: Iterable[tuple[str, Record]]) -> None:
    """Keep the records, which come in the order of their names' bytes, if the system lets us."""
    packer = zlib.compressobj(1)
    packed = bytearray(packer.compress(_line(FORMAT)))
    for name, (stamp, digest, verdict) in records:
        told = verdict if isinstance(verdict, str) else [verdict.height, verdict.width, verdict.channels, verdict.notes]
        packed += packer.compress(_line([name, *stamp, digest.hex(), told]))
    packed += packer.flush()
    try:
        place = _place(root)
    except RuntimeError:  # this user has no home
        return
    packed[:0] = hashlib.sha256(packed).digest()
    try:
        disk.make_folder(place.parent)
        disk.publish(bytes(packed), place)
    except (OSError, StorageError) as error:
        log.debug("no manifest of '%s' is kept: %s", root, error)
    finally:
        with suppress(OSError):  # interrupted while it was written
            os.unlink(f"{place}.tmp.{os.getpid()}")


def forget(root: Path) -> None:
    """Have no manifest of that folder."""
    with suppress(OSError, RuntimeError):
        _place(root).unlink()


def _place(root: Path) -> Path:
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]
    return _cache() / f"folder-{name}.manifest"


def _cache() -> Path:
    """The cache directory. Raises `RuntimeError` if there is no place for one."""
    if chosen := os.environ.get("GANLAB_CACHE"):
        return Path(chosen).absolute()
    shared = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(shared) if os.path.isabs(shared) else Path.home() / ".cache") / "ganlab"


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _lines(packed: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    rest, line = packed, b""
    while rest and not unpacker.eof:
        *whole, line = (line + unpacker.decompress(rest, PIECE)).split(b"\n")
        rest = unpacker.unconsumed_tail
        if len(line) > LONGEST_LINE:
            raise ValueError
        yield from whole
    yield from (line + unpacker.flush()).split(b"\n")[:-1]


def _record(line: Any, seen: dict[tuple[Any, ...], Facts]) -> tuple[str, Record]:
    """Raises ValueError, TypeError or OverflowError if it is none."""
    name, size, changed, touched, digest, told = line
    stamp = tuple(array("q", (size, changed, touched)))  # 64 bits each
    if not isinstance(name, str):
        raise TypeError
    content = bytes.fromhex(digest)
    if len(content) != 32:
        raise ValueError
    if isinstance(told, str) and told:
        return name, Record(stamp, content, told)
    height, width, channels, notes = told
    key = (height, width, channels, *notes)
    if key not in seen:
        if min(height, width) < 1 or channels not in (1, 3, 4) or not all(isinstance(note, str) for note in notes):
            raise ValueError
        seen[key] = Facts(height, width, channels, tuple(notes))
    return name, Record(stamp, content, seen[key])
