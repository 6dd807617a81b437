"""What is known of the files of a dataset, once each was read and decoded in full: so every problem is found before the
first sample is asked for."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ganlab.builtin.datasets.decoding import Shape
from ganlab.builtin.datasets.manifest import Record
from ganlab.builtin.datasets.opening import Facts


@dataclass
class Files:
    """What is known of each file, in columns, so that a million of them take little room.

    `verdicts` are facts, or why the content is no picture. `shapes` are those of the pictures cut from a file, and
    `problems` say, by place, why there are none. `kept` are these pictures, if all of them fit in memory.
    """

    root: Path
    names: Sequence[str]
    stamps: array[int]
    digests: list[bytes]
    verdicts: list[Facts | str]
    shapes: list[tuple[Shape, ...]]
    problems: dict[int, str]
    kept: list[tuple[Tensor, ...]] | None

    def records(self) -> Iterator[tuple[str, Record]]:
        """What a manifest may say of them."""
        for place, name in enumerate(self.names):
            if self.digests[place]:
                size, changed, touched = self.stamps[3 * place : 3 * place + 3]
                yield name, Record((size, changed, touched), self.digests[place], self.verdicts[place])
