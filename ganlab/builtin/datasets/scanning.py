"""One look at every file of a dataset; what a manifest tells of a file that has not changed since is believed, and some
of it is put to the test.

Files are looked at by a few threads, in order, a few ahead: neither a million of them nor large ones take much memory.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from math import prod
from pathlib import Path
from random import Random
from time import monotonic, time_ns

from PIL import Image
from torch import Tensor

from ganlab.builtin.datasets import manifest
from ganlab.builtin.datasets.cutting import Cut
from ganlab.builtin.datasets.decoding import Shape
from ganlab.builtin.datasets.files import Files
from ganlab.builtin.datasets.keeping import Keeper
from ganlab.builtin.datasets.manifest import Manifest, Record
from ganlab.builtin.datasets.opening import Facts, alone, open_picture
from ganlab.builtin.datasets.problems import Unusable, UnusableNow, shown
from ganlab.builtin.datasets.reaching import Stamp, read, status

log = logging.getLogger("ganlab")

READERS = min(4, os.cpu_count() or 1)
AT_ONCE = 16
"""Files a thread takes on at a time."""

PUT_TO_THE_TEST = 32
"""Files whose content is compared with what the manifest says, of those that seem unchanged."""

ALONE_BYTES = 1 << 26
"""Files above this are looked at one at a time."""

FRESH_NANOSECONDS = 2_000_000_000
"""A file that changed so shortly before the scan may change again without a change of its times."""

SAVE_SECONDS = 60.0
"""How often a long scan keeps what it has found, unless that takes more than a twentieth of the time."""

TELL_SECONDS = 20.0
"""How often a long scan says how far it is."""


class Stale(Exception):
    """A file has another content than the manifest says, with the same size and times."""


@dataclass(frozen=True)
class Look:
    """What one look at a file told; `digest` is empty if its content could not be read."""

    stamp: Stamp
    digest: bytes
    verdict: Facts | str
    pictures: tuple[Tensor, ...] | None = None


def scan(root: Path, names: Sequence[str], cut: Cut, memory_bytes: int) -> Files:
    """Look at all files `names` below `root`, which come in the order of their bytes."""
    try:
        return Scanner(root, names, cut, memory_bytes).scan(manifest.load(root))
    except Stale:
        return Scanner(root, names, cut, memory_bytes).scan(Manifest())


def together(names: Sequence[str], records: Iterable[tuple[str, Record]]) -> Iterator[tuple[int | None, Record]]:
    """Each record with the place of its name among `names`, or None; both come in the order of their names' bytes."""
    place = 0
    for name, record in records:
        while place < len(names) and names[place] != name and os.fsencode(names[place]) < os.fsencode(name):
            place += 1
        found = place < len(names) and names[place] == name
        yield place if found else None, record
        place += found


class Scanner:
    """One scan. Pictures are kept as long as all so far take no more than `memory_bytes`."""

    def __init__(self, root: Path, names: Sequence[str], cut: Cut, memory_bytes: int) -> None:
        count = len(names)
        stamps = array("q", bytes(24 * count))
        self._files = Files(root, names, stamps, [b""] * count, [""] * count, [()] * count, {}, [()] * count)
        self._cut = cut
        self._believed = bytearray(count)
        self._keeper = Keeper(memory_bytes)
        self._stop = threading.Event()
        self._alike: dict[tuple[Shape, ...], tuple[Shape, ...]] = {}
        self._fresh = time_ns() - FRESH_NANOSECONDS
        self._save_at = monotonic() + SAVE_SECONDS
        self._tell_at = monotonic() + TELL_SECONDS

    def scan(self, known: Manifest) -> Files:
        """All files. Raises `Stale` if the manifest is not to be believed."""
        files = self._files
        told = self._recall(known)
        self._put_to_the_test(known)
        self._keeper.expect(sum(map(prod, chain.from_iterable(files.shapes))))
        for place, look in self._looks():
            self._take(place, look)
            now = monotonic()
            if now > self._save_at:
                self._save()
            if now > self._tell_at:
                self._tell_at = now + TELL_SECONDS
                log.info("in '%s' %d of %d files are looked at", shown(str(files.root)), place + 1, len(files.names))
        if not told == sum(self._believed) == len(files.names):
            self._save()
        if not self._keeper.keeping:
            files.kept = None
        return files

    def _recall(self, known: Manifest) -> int:
        """Take over what the manifest tells; of how many files it does."""
        files, told = self._files, 0
        for place, record in together(files.names, known.records()):
            told += 1
            if place is None:
                continue
            files.digests[place], files.verdicts[place] = record.digest, record.verdict
            with suppress(UnusableNow):
                if status(files.root, files.names[place]) == record.stamp:
                    files.stamps[3 * place : 3 * place + 3] = array("q", record.stamp)
                    self._believed[place] = True
                    self._judge(place)
        return told

    def _put_to_the_test(self, known: Manifest) -> None:
        """Compare the content of some files, other ones for each manifest, with what is told of them."""
        believed = [place for place, each in enumerate(self._believed) if each]
        for place in Random(known.digest).sample(believed, min(PUT_TO_THE_TEST, len(believed))):
            self._hash(place)

    def _hash(self, place: int) -> tuple[bytes, Stamp, bytes]:
        """Content, stamp and digest. Raises `UnusableNow`, and `Stale` if the manifest told something else."""
        data, stamp = read(self._files.root, self._files.names[place])
        digest = hashlib.sha256(data).digest()
        if self._believed[place] and digest != self._files.digests[place]:
            raise Stale
        return data, stamp, digest

    def _looks(self) -> Iterator[tuple[int, Look]]:
        """Each file that has to be looked at, in order; an exception, or a signal, ends it without waiting."""
        ahead: deque[Future[list[tuple[int, Look]]]] = deque()
        pool = ThreadPoolExecutor(READERS, thread_name_prefix="ganlab-scan")
        try:
            for places in self._portions():
                ahead.append(pool.submit(self._look_at, places))
                if len(ahead) > 2 * READERS:
                    yield from ahead.popleft().result()
            while ahead:
                yield from ahead.popleft().result()
        finally:
            self._stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _portions(self) -> Iterator[list[int]]:
        """Places that have to be looked at: those the manifest does not tell of, or all while pictures are kept."""
        portion = []
        for place in range(len(self._files.names)):
            if self._keeper.keeping or not self._believed[place]:
                portion.append(place)
            if len(portion) == AT_ONCE:
                yield portion
                portion = []
        yield portion

    def _look_at(self, places: list[int]) -> list[tuple[int, Look]]:
        looks = []
        for place in places:
            if self._stop.is_set():
                break
            if self._keeper.keeping or not self._believed[place]:
                looks.append((place, self._look(place)))
        return looks

    def _look(self, place: int) -> Look:
        files, name = self._files, self._files.names[place]
        try:
            with alone(status(files.root, name)[0] > ALONE_BYTES):
                data, stamp, digest = self._hash(place)
                known = files.verdicts[place] if digest == files.digests[place] else ""
                if known and (isinstance(known, str) or not self._keeper.keeping):
                    return Look(stamp, digest, known)
                try:
                    image, facts = open_picture(data)
                    return Look(stamp, digest, facts, self._cut_if_it_fits(name, image, facts))
                except UnusableNow:
                    raise
                except Unusable as problem:
                    return Look(stamp, digest, str(problem))
        except UnusableNow as problem:
            return Look((0, 0, 0), b"", str(problem))

    def _cut_if_it_fits(self, name: str, image: Image.Image, facts: Facts) -> tuple[Tensor, ...] | None:
        try:
            shapes = self._cut.shapes(name, facts)
        except Unusable:
            return None
        return self._cut.pictures(name, image) if self._keeper.claim(shapes) else None

    def _take(self, place: int, look: Look) -> None:
        files = self._files
        size, changed, touched = look.stamp
        files.stamps[3 * place : 3 * place + 3] = array("q", (size, changed, touched if touched < self._fresh else -1))
        files.digests[place], files.verdicts[place] = look.digest, look.verdict
        self._judge(place)
        if not self._keeper.keeping:
            files.kept = None
        elif files.kept is not None and look.pictures is not None:
            files.kept[place] = self._keeper.keep(look.pictures)

    def _judge(self, place: int) -> None:
        """What the dataset makes of the facts."""
        files, verdict = self._files, self._files.verdicts[place]
        files.shapes[place] = ()
        try:
            if isinstance(verdict, str):
                raise Unusable(verdict)
            shapes = self._cut.shapes(files.names[place], verdict)
            files.shapes[place] = self._alike.setdefault(shapes, shapes)
            files.problems.pop(place, None)
        except Unusable as problem:
            files.problems[place] = str(problem)

    def _save(self) -> None:
        began = monotonic()
        manifest.save(self._files.root, self._files.records())
        now = monotonic()
        self._save_at = now + max(SAVE_SECONDS, 20 * (now - began))
