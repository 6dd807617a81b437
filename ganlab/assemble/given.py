"""What a run's generator makes of a user's own picture or clip, whatever its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import lcm
from typing import Any

import torch
from torch import Tensor

from ganlab.assemble.generator import LoadedGenerator
from ganlab.assemble.sampling import CPU, conditions, field_of, is_category, moved
from ganlab.assemble.tile_norms import settled
from ganlab.assemble.tiles import Box, boxes, from_tiles, mirrored
from ganlab.engine.random import Stream
from ganlab.errors import DataError, RecipeError, nearest
from ganlab.interfaces.files import GivenFile
from ganlab.interfaces.task import Task
from ganlab.values import Field, Given

SPATIAL = {"image": 3, "video": 4}
"""Kinds whose last two axes are height and width, and how many axes they have."""

LARGE = 512 * 512
"""Pixels above which a picture is made in tiles, unless told."""

TILE = 192
"""Side of a tile, unless the pictures trained on are more than half of that: a network may see as far as they reach. By
a U-Net for 256 pixels tiles of 512 were three times nearer to the picture made whole than tiles of 256."""


@dataclass(frozen=True)
class Wish:
    """What a user asks for beside the picture. `tile`: side of the tiles, in pixels of what is given; None: twice as
    large as those trained on, if the picture is large."""

    label: str | None = None
    seed: int = 0
    tile: int | None = None


def asked_of(task: Task, name: str | None) -> tuple[str, Field, Field]:
    """The condition a user's files are read for, its field, and the field of what is made of it.

    `name` may be left out where there is one that is no category. Raises `RecipeError`.
    """
    fields = {each: field_of(task, each) for each in task.conditions}
    readable = [each for each, field in fields.items() if not is_category(field)]
    if name is not None and name not in readable:
        raise RecipeError(
            f"--given: '{name}' is no condition of this task that files could hold.{nearest(name, readable)} "
            f"There are: {', '.join(readable) or 'none'}"
        )
    if not readable:
        raise RecipeError("--given: this run's generator is given no pictures; leave it out")
    if name is None and len(readable) > 1 and not task.one_is_enough:
        raise RecipeError(f"--given: this task needs {' and '.join(readable)}; give them as arrays, FILE.npz")
    name = name or readable[0]
    return name, fields[name], task.makes()[task.answering(name)]


def fitted(file: GivenFile, field: Field) -> GivenFile:
    """The file's data in the field's form: of a clip that is longer than trained the last frames. What cannot be
    fitted has a problem."""
    data = file.data
    if data is None or file.problem:
        return replace(file, data=None, problem=file.problem or "empty")
    axes = SPATIAL.get(field.kind, len(field.shape))
    shape, wanted = tuple(data.shape), tuple(field.shape)
    if field.kind == "video" and data.dim() == axes and shape[1] == wanted[1]:
        if shape[0] < wanted[0]:
            return GivenFile(problem=f"too short: {shape[0]} frames, and {wanted[0]} are needed")
        return replace(file, data=data[shape[0] - wanted[0] :])
    free = 2 if field.kind in SPATIAL else 0
    if data.dim() != axes or shape[: axes - free] != wanted[: axes - free] or not data.numel():
        return GivenFile(problem=f"of shape {shape}, and {wanted} is needed")
    return file


def made_of(
    generator: LoadedGenerator, name: str, data: Tensor, index: int, wish: Wish, device: torch.device
) -> Tensor:
    """What the generator makes of `data`, (C, H, W) or (T, C, H, W), given as the condition `name`: levels, uint8.

    Sides that do not divide are mirrored to the next multiple that the networks name, and the result is cut. A class
    that is not wished for follows from `index`. Raises `DataError` if the generator cannot work on that size.
    """
    task = generator.task
    spatial = field_of(task, name).kind in SPATIAL
    height, width = data.shape[-2:] if spatial else (1, 1)
    modules = [module for network in generator.networks.values() for module in network.modules()]
    multiple = lcm(*(int(getattr(module, "multiple", 1)) for module in modules))
    padded = mirrored(data, multiple) if spatial else data
    size = (-(-height // multiple) * multiple, -(-width // multiple) * multiple)
    batch = conditions(task, 1, {name: padded[None]}, wish.label, default=1, first=index, any_size=spatial)
    given = task.draw(batch, Stream(wish.seed, "sample", CPU).at(index, 1))
    made = task.answering(name)

    def make(box: Box) -> Tensor:
        part: Any = _cut(given, box, size)
        with torch.no_grad():
            sample: Tensor = task.generate(generator.networks, moved(part, device))[made][0]
        return sample.to(CPU, torch.float32)

    tile = _tile(wish, field_of(task, name), size, multiple)
    try:
        with settled(generator.networks.values(), boxes(size, tile, multiple), make):
            levels = from_tiles(make, size, tile, multiple)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except (RuntimeError, ValueError, IndexError) as error:
        raise DataError(
            f"{height} x {width}, on which this generator cannot work ({_short(error)}); "
            f"expected {' x '.join(map(str, field_of(task, name).shape[-2:]))}"
        ) from None
    if not spatial:
        return levels
    down, across = levels.shape[-2] / size[0], levels.shape[-1] / size[1]
    return levels[..., : round(height * down), : round(width * across)]


def _tile(wish: Wish, field: Field, size: tuple[int, int], multiple: int) -> int:
    if wish.tile is None:
        if size[0] * size[1] <= LARGE:
            return max(size)
        tile = max(TILE, *(2 * side for side in field.shape[-2:]))
    else:
        tile = wish.tile
    return -(-tile // multiple) * multiple


def _cut(given: Given | Any, box: Box, size: tuple[int, int]) -> Any:
    """The box of everything that has the picture's height and width."""
    if isinstance(given, Mapping):
        return {name: _cut(each, box, size) for name, each in given.items()}
    if isinstance(given, Tensor) and given.dim() >= 4 and tuple(given.shape[-2:]) == size:
        return box.cut(given)
    return given


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
