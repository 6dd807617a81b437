"""Samples that are read from their files when they are asked for, and the choice between that and memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from ganlab import DataError, Random, Source
from ganlab.builtin.datasets.files import READERS, Read, Scan
from ganlab.builtin.datasets.movement import Movement
from ganlab.builtin.datasets.problems import Unusable, shown
from ganlab.builtin.datasets.resident import InMemory, pictures
from ganlab.builtin.datasets.splitting import by_content


class Streamed(Source):
    """Decodes in a few threads. `fields` name the pictures of a sample; `extra` holds tensors (samples, ...)."""

    def __init__(
        self,
        samples: Sequence[int],
        take: Callable[[int], tuple[Tensor, ...]],
        fields: tuple[str, ...],
        extra: Mapping[str, Tensor],
        movement: Movement,
    ) -> None:
        self._samples = samples
        self._take = take
        self._fields = fields
        self._extra = extra
        self._movement = movement
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="ganlab-decode")

    def __len__(self) -> int:
        return len(self._samples)

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        moves = self._movement.draw(random)
        samples = self._pool.map(self._take, [self._samples[index] for index in indices.tolist()])
        moved = [
            [self._movement.move(picture[None], None if moves is None else moves[row : row + 1]) for picture in sample]
            for row, sample in enumerate(samples)
        ]
        columns = zip(*moved, strict=True)
        taken = {name: pictures(torch.cat(column)) for name, column in zip(self._fields, columns, strict=True)}
        return taken | {name: tensor.index_select(0, indices) for name, tensor in self._extra.items()}


def parts(
    scan: Scan,
    read: Read,
    fields: tuple[str, ...],
    extra: Mapping[str, Tensor],
    movement: Movement,
    held_out: float,
) -> tuple[Source, Source]:
    """Training and held-out source: in memory if all pictures were kept and are of one size, else streamed."""
    sides = by_content(scan.digests, held_out)
    if not sides[0]:
        raise DataError(
            f"'{shown(str(scan.root))}' holds {len(scan.names)} usable samples, of which {len(sides[1])} are held out "
            "and none is left to train on; at least two that differ are needed"
        )
    kept = scan.kept

    def take(index: int) -> tuple[Tensor, ...]:
        if kept is not None:
            return kept[index]
        name = scan.names[index]
        try:
            reading = read(name)
        except Unusable as problem:
            raise DataError(
                f"'{shown(str(scan.root / name))}' was usable when the run began and is now {problem}"
            ) from None
        if reading.digest != scan.digests[index]:
            raise DataError(f"'{shown(str(scan.root / name))}' has changed since the run began; start again")
        return reading.pictures

    def part(samples: list[int]) -> Source:
        chosen = {name: tensor[samples] for name, tensor in extra.items()}
        if kept is None or len(set(scan.shapes)) > 1:
            return Streamed(samples, take, fields, chosen, movement)
        columns = zip(*(kept[index] for index in samples), strict=True)
        stacked = {name: torch.stack(column) for name, column in zip(fields, columns, strict=True)}
        return InMemory(stacked | chosen, movement, fields)

    return part(sides[0]), part(sides[1])
