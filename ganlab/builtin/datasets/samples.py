"""From files to samples: one file each, or two that belong together."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ganlab import DataError
from ganlab.builtin.datasets import manifest
from ganlab.builtin.datasets.cutting import Cut
from ganlab.builtin.datasets.decoding import Shape
from ganlab.builtin.datasets.files import Files
from ganlab.builtin.datasets.folder import LINKS, Contents
from ganlab.builtin.datasets.opening import FIRST_FRAME, open_picture
from ganlab.builtin.datasets.problems import Unusable, shown
from ganlab.builtin.datasets.reaching import read

log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Samples:
    """What is known of every usable sample, in columns: `files` holds one list of file names for each file a sample is
    made of, `kept` the pictures, if all of them fit in memory."""

    root: Path
    names: Sequence[str]
    files: tuple[Sequence[str], ...]
    shapes: Sequence[tuple[Shape, ...]]
    digests: Sequence[bytes]
    kept: list[tuple[Tensor, ...]] | None
    cut: Cut

    def fingerprint(self, rules: str) -> str:
        """SHA-256 over the rules by which files become samples, and over names and contents."""
        digest = hashlib.sha256(rules.encode())
        for name, content in zip(self.names, self.digests, strict=True):
            digest.update(os.fsencode(name) + b"\0" + content)
        return digest.hexdigest()

    def pictures(self, index: int) -> tuple[Tensor, ...]:
        """The pictures of a sample. Raises `DataError` if its files are not what they were."""
        if self.kept is not None:
            return self.kept[index]
        names = [column[index] for column in self.files]
        contents = [self._read(name) for name in names]
        if joined([hashlib.sha256(content).digest() for content in contents]) != self.digests[index]:
            raise self._changed(" or ".join(map(self._shown, names)), "has changed since the run began")
        try:
            opened = [(name, open_picture(content)[0]) for name, content in zip(names, contents, strict=True)]
        except Unusable as problem:  # there was more memory when it was looked at
            raise DataError(f"{' or '.join(map(self._shown, names))} is now {problem}") from None
        return tuple(picture for name, image in opened for picture in self.cut.pictures(name, image))

    def _read(self, name: str) -> bytes:
        try:
            return read(self.root, name)[0]
        except Unusable as problem:
            raise self._changed(self._shown(name), f"was usable when the run began and is now {problem}") from None

    def _changed(self, who: str, how: str) -> DataError:
        manifest.forget(self.root)
        return DataError(f"{who} {how}; put back what was there, or start again")

    def _shown(self, name: str) -> str:
        return f"'{shown(str(self.root / name))}'"


def joined(digests: Sequence[bytes]) -> bytes:
    """The digest of a sample, from those of its files."""
    return digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()


def single(files: Files, contents: Contents, cut: Cut) -> Samples:
    """A sample for each file that can be used; the others become problems of `contents`."""
    for place, reason in sorted(files.problems.items()):
        contents.problems.add(reason, files.names[place])
    if not files.problems:
        return Samples(files.root, files.names, (files.names,), files.shapes, files.digests, files.kept, cut)
    usable = [(place,) for place in range(len(files.names)) if place not in files.problems]
    names = [files.names[place] for (place,) in usable]
    return _chosen(files, names, usable, cut)


def paired(files: Files, contents: Contents, cut: Cut, pairs: Mapping[str, tuple[str, str]]) -> Samples:
    """A sample for each pair of files that can be used, by name; the others become problems of `contents`."""
    places = {name: place for place, name in enumerate(files.names)}
    usable: dict[str, tuple[int, ...]] = {}
    for pair, names in pairs.items():
        both = tuple(places[name] for name in names)
        bad = [place for place in both if place in files.problems]
        if bad:
            contents.problems.add(files.problems[bad[0]], files.names[bad[0]])
        else:
            usable[pair] = both
    return _chosen(files, list(usable), list(usable.values()), cut)


def warn(files: Files, contents: Contents) -> None:
    """Say what was left out, and what was not taken in full."""
    notes = Counter(note for verdict in files.verdicts if not isinstance(verdict, str) for note in verdict.notes)
    links = contents.passed[LINKS]
    told = [f"{notes[FIRST_FRAME]} animations give their first frame only"] if notes[FIRST_FRAME] else []
    told += [f"{links} {LINKS} are passed over"] if links else []
    told += [f"{len(contents.problems)} samples are left out: {contents.problems}"] if contents.problems else []
    if told:
        log.warning("in '%s' %s", shown(str(contents.root)), "; ".join(told))


def _chosen(files: Files, names: list[str], places: Sequence[tuple[int, ...]], cut: Cut) -> Samples:
    kept = files.kept
    return Samples(
        files.root,
        names,
        tuple([files.names[place] for place in column] for column in zip(*places, strict=True)),
        [tuple(shape for place in each for shape in files.shapes[place]) for each in places],
        [joined([files.digests[place] for place in each]) for each in places],
        kept and [tuple(picture for place in each for picture in kept[place]) for each in places],
        cut,
    )
