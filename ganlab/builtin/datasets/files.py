"""Samples that are files: all are read once, so that every problem is found, before the first is asked for.

A sample is one picture, or several that belong together (a source and its target). How a name becomes pictures is a
`Read`; everything else is the same for folders of every kind.
"""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from torch import Tensor

from ganlab.builtin.datasets.folder import LINKS, Contents
from ganlab.builtin.datasets.problems import Problems, Unusable, shown

log = logging.getLogger("ganlab")

READERS = min(4, os.cpu_count() or 1)
AT_ONCE = 64

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """The pictures of one sample, uint8 (C, H, W) each, the SHA-256 of its files and whether frames were left out."""

    pictures: tuple[Tensor, ...]
    digest: bytes
    animated: bool


Read: TypeAlias = Callable[[str], Reading]
"""From a name to its sample; raises `Unusable`. Called from several threads."""


@dataclass(frozen=True)
class Scan:
    """What is known of every usable sample; `kept` are their pictures, if all of them fit in memory."""

    root: Path
    names: list[str]
    shapes: list[tuple[Shape, ...]]
    digests: list[bytes]
    kept: list[tuple[Tensor, ...]] | None

    def fingerprint(self, rules: str) -> str:
        """SHA-256 over the rules by which files become samples, and over names and contents."""
        digest = hashlib.sha256(rules.encode())
        for name, content in zip(self.names, self.digests, strict=True):
            digest.update(os.fsencode(name) + b"\0" + content)
        return digest.hexdigest()


def scan(contents: Contents, names: Sequence[str], read: Read, *, memory_bytes: int, max_bad: int) -> Scan:
    """Read every sample once, in full. Raises `DataError` that lists what is wrong with more than `max_bad` of them."""
    found = Scan(contents.root, [], [], [], [])
    kept = found.kept
    held = animated = 0
    for name, reading in _readings(names, read, contents.problems):
        found.names.append(name)
        found.shapes.append(tuple(tuple(picture.shape) for picture in reading.pictures))
        found.digests.append(reading.digest)
        animated += reading.animated
        held += sum(picture.nbytes for picture in reading.pictures)
        if kept is not None:
            kept.append(reading.pictures)
            kept = kept if held <= memory_bytes else None
    contents.problems.refuse(contents.root, len(found.names), max_bad)
    links = contents.passed[LINKS]
    notes = [f"{animated} animations give their first frame only"] if animated else []
    notes += [f"{links} {LINKS} are passed over"] if links else []
    notes += [f"{len(contents.problems)} samples are left out: {contents.problems}"] if contents.problems else []
    if notes:
        log.warning("in '%s' %s", shown(str(contents.root)), "; ".join(notes))
    return replace(found, kept=kept)


def _readings(names: Sequence[str], read: Read, problems: Problems) -> Iterator[tuple[str, Reading]]:
    def attempt(name: str) -> tuple[Reading | None, str]:
        try:
            return read(name), ""
        except Unusable as problem:
            return None, str(problem)

    # Pillow warns of bombs that are refused here anyway; filters belong to the process, so they are set around it all.
    with warnings.catch_warnings(), ThreadPoolExecutor(READERS, thread_name_prefix="ganlab-scan") as pool:
        warnings.simplefilter("ignore")
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            for name, (reading, reason) in zip(some, pool.map(attempt, some), strict=True):
                if reading is None:
                    problems.add(reason, name)
                else:
                    yield name, reading
