"""Samples that are read from their files when they are asked for, and the choice between that and memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from ganlab import DataError, Random, Source
from ganlab.builtin.datasets.movement import Movement
from ganlab.builtin.datasets.problems import shown
from ganlab.builtin.datasets.resident import InMemory, pictures
from ganlab.builtin.datasets.samples import Samples
from ganlab.builtin.datasets.scanning import READERS
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
    samples: Samples, fields: tuple[str, ...], extra: Mapping[str, Tensor], movement: Movement, held_out: float
) -> tuple[Source, Source]:
    """Training and held-out source: in memory if all pictures were kept and are of one size, else streamed."""
    sources: Sequence[Source]
    sides = split(samples, held_out)
    if samples.kept is None or len(set(samples.shapes)) > 1:
        sources = [Streamed(side, samples.pictures, fields, _rows(extra, side), movement) for side in sides]
    else:
        stacks = _stacked(samples.kept, sides, fields)
        sources = [
            InMemory(stack | _rows(extra, side), movement, fields) for stack, side in zip(stacks, sides, strict=True)
        ]
    return sources[0], sources[1]


def split(samples: Samples, held_out: float) -> tuple[list[int], list[int]]:
    """Places of training and of held-out samples. Raises `DataError` if there are none to train on."""
    sides = by_content(samples.digests, held_out)
    if not sides[0]:
        raise DataError(
            f"'{shown(str(samples.root))}' holds {len(samples.names)} usable samples, of which {len(sides[1])} are "
            "held out and none is left to train on; at least two that differ are needed"
        )
    return sides


def _rows(tensors: Mapping[str, Tensor], places: list[int]) -> dict[str, Tensor]:
    return {name: tensor[places] for name, tensor in tensors.items()}


def _stacked(
    kept: list[tuple[Tensor, ...]], sides: tuple[list[int], ...], fields: tuple[str, ...]
) -> list[dict[str, Tensor]]:
    """The pictures of each side as one tensor a field. In the order in which they were kept, each is let go when it is
    copied, so that all of them are never there twice."""
    stacks = [
        {name: picture.new_empty(len(side), *picture.shape) for name, picture in zip(fields, kept[0], strict=True)}
        for side in sides
    ]
    rows = [0] * len(sides)
    side_of = {index: number for number, side in enumerate(sides) for index in side}
    for index in range(len(kept)):
        number = side_of[index]
        for tensor, picture in zip(stacks[number].values(), kept[index], strict=True):
            tensor[rows[number]] = picture
        rows[number] += 1
        kept[index] = ()
    return stacks
