"""Samples of a run: from conditions that a user gives, or classes spread evenly, and latents that follow from a seed.

Sample number i of a seed is the same however many are made, and on every device up to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab.assemble.generator import LoadedGenerator
from ganlab.engine.look import CHUNK, generate
from ganlab.engine.random import Stream
from ganlab.errors import DataError, RecipeError, nearest
from ganlab.interfaces.task import Task
from ganlab.values import Batch, Field, Given, Sample

CPU = torch.device("cpu")


def conditions(
    task: Task,
    count: int | None,
    given: Mapping[str, Any],
    label: str | None,
    default: int,
    *,
    first: int = 0,
    any_size: bool = False,
) -> Batch:
    """What the task's `draw` is to read: the rows in `given`, again and again where there are fewer than `count`;
    class `label`, or all classes in turn, from the `first` on. With `any_size` pictures may be larger or smaller than
    those trained on.

    Without a `count` there are as many samples as rows in `given`, or else `default`. Raises `RecipeError` for a
    condition that nobody gave, `DataError` for rows of another shape.
    """
    for name in given:
        if name not in task.conditions:
            raise RecipeError(
                f"--given: '{name}' is no condition of this task.{nearest(name, task.conditions)} "
                f"It has: {', '.join(task.conditions) or 'none'}"
            )
    rows = {name: _rows(name, value, field_of(task, name), any_size) for name, value in given.items()}
    size = count or max(map(len, rows.values()), default=default)
    classes = [name for name in task.conditions if is_category(field_of(task, name)) and name not in rows]
    if label is not None and not classes:
        raise RecipeError("--class: this run knows no classes; leave it out")
    for name in classes:
        field = field_of(task, name)
        known = torch.arange(field.cardinality or 1).roll(-first)
        rows[name] = known if label is None else torch.tensor([_class(label, field)])
    for name in task.conditions:
        if name not in rows and not (rows and task.one_is_enough):
            shape = tuple(field_of(task, name).shape)
            raise RecipeError(
                f"the generator needs a '{name}' {shape} for each sample; give them: --given FILE.npz, FILE or DIR"
            )
    entries = {name: _cycled(value, size) for name, value in rows.items()}
    return Batch({name: _placed(task, name, value) for name, value in entries.items()}, size)


def samples(
    generator: LoadedGenerator, batch: Batch, seed: int, device: torch.device
) -> Iterator[tuple[Sample, Given]]:
    """The samples and what they were made from, on the CPU, a chunk at a time."""
    for start in range(0, batch.size, CHUNK):
        given = _drawn(generator.task, batch, start, seed)
        yield _made(generator, given, min(CHUNK, batch.size - start), device)


def journey(
    generator: LoadedGenerator, stops: Batch, steps: int, seed: int, device: torch.device, *, arrive: bool = False
) -> tuple[Sample, Given]:
    """The samples on the way from each stop's latents to the next stop's and from the last to the first, `steps` on
    each way, the first stop included. With `arrive` each way includes the stop at its end. Conditions are those of
    the stop where a way begins.

    Ways are great circles (White 2016, arXiv:1609.04468, section 2.1). Raises `RecipeError` if there is no latent.
    """
    if stops.size > CHUNK:
        raise RecipeError(f"--interpolate: at most {CHUNK} stops, not {stops.size}")
    given = _drawn(generator.task, stops, 0, seed)
    fields = generator.task.given_fields(given)
    latents = {name for name, field in fields.items() if field.kind == "latent" and given[name].is_floating_point()}
    if not latents:
        raise RecipeError("--interpolate: this run's generator takes no latent, so there is no way between two samples")
    places = torch.linspace(0, 1, steps) if arrive else torch.arange(steps) / steps

    def travelled(name: str, value: Any) -> Any:
        if name in latents:
            return great_circles(value, value.roll(-1, 0), places).flatten(0, 1)
        if isinstance(value, Mapping):
            return {key: travelled("", each) for key, each in value.items()}
        if isinstance(value, Tensor) and len(value) == stops.size:
            return value.repeat_interleave(steps, 0)
        return value

    return _made(generator, {name: travelled(name, value) for name, value in given.items()}, stops.size * steps, device)


def great_circles(here: Tensor, there: Tensor, places: Tensor) -> Tensor:
    """Points (N, P, ...) at `places` (P,) in [0, 1] on the great circle from `here` to `there`, both (N, ...)."""
    a, b = here.flatten(1).double(), there.flatten(1).double()
    angle = torch.nn.functional.cosine_similarity(a, b, dim=1).clamp(-1, 1).acos()[:, None, None]
    t = places.double()[None, :, None]
    straight = angle.sin() < 1e-6  # nearly parallel, or opposite: then every great circle will do, and none is near
    scale = torch.where(straight, 1.0, angle.sin())
    left = torch.where(straight, 1 - t, ((1 - t) * angle).sin() / scale)
    right = torch.where(straight, t, (t * angle).sin() / scale)
    path = left * a[:, None] + right * b[:, None]
    return path.to(here.dtype).reshape(len(here), len(places), *here.shape[1:])


def _drawn(task: Task, batch: Batch, start: int, seed: int) -> Given:
    """What the generator is given for one chunk. A whole chunk is drawn, however few of its rows are wanted."""
    rows = min(CHUNK, batch.size - start)
    chunk = Batch({name: _cut(value, start) for name, value in batch.items()}, rows)
    return task.draw(chunk, Stream(seed, "sample", CPU).at(start // CHUNK, rows, CHUNK))


def _made(generator: LoadedGenerator, given: Given, count: int, device: torch.device) -> tuple[Sample, Given]:
    with torch.no_grad():
        sample = generate(generator.task, generator.networks, moved(given, device), count)
    return moved(sample, CPU), given


def moved(value: Any, device: torch.device) -> Any:
    """The tensors in a value, on the device."""
    if isinstance(value, Mapping):
        return {name: moved(each, device) for name, each in value.items()}
    return value.to(device) if isinstance(value, Tensor) else value


def _cut(value: Any, start: int) -> Any:
    if isinstance(value, Batch):
        rows = min(CHUNK, value.size - start)
        return Batch({name: _cut(each, start) for name, each in value.items()}, rows)
    return value[start : start + CHUNK]


def _cycled(value: Tensor, size: int) -> Tensor:
    return value.repeat(-(-size // len(value)), *[1] * (value.dim() - 1))[:size]


def field_of(task: Task, condition: str) -> Field:
    """The condition's field; where it is a dataset, that of its first entry."""
    field = task.fields[condition]
    return field if isinstance(field, Field) else next(iter(field.values()))


def _placed(task: Task, condition: str, value: Tensor) -> Any:
    """The rows as the dataset has them: in a batch of their own where the condition is a dataset."""
    field = task.fields[condition]
    return value if isinstance(field, Field) else Batch({next(iter(field)): value}, len(value))


def is_category(field: Field) -> bool:
    """True for one class a sample."""
    return field.cardinality is not None and field.shape == ()


def _class(label: str, field: Field) -> int:
    if label in field.names:
        return field.names.index(label)
    if label.isdecimal() and int(label) < (field.cardinality or 0):
        return int(label)
    known = ", ".join(field.names[:20]) or f"0 to {(field.cardinality or 1) - 1}"
    raise RecipeError(f"--class: '{label}' is no class of this run.{nearest(label, field.names)} There are: {known}")


def _rows(name: str, value: Any, field: Field, any_size: bool) -> Tensor:
    """A user's array as rows of the field; with `any_size` its last two axes may be of any length."""
    tensor = torch.as_tensor(value)
    wanted = "integers" if field.cardinality is not None else "numbers"
    if not len(tensor) if tensor.dim() else True:
        raise DataError(f"--given: '{name}' has no rows; expected (N, {', '.join(map(str, field.shape))})")
    fixed = len(field.shape) - 2 * any_size
    if (
        tensor.dim() != 1 + len(field.shape)
        or tuple(tensor.shape[1:])[:fixed] != tuple(field.shape)[:fixed]
        or (field.cardinality is not None and tensor.is_floating_point())
    ):
        shape = ("N", *field.shape)
        raise DataError(
            f"--given: '{name}' has shape {tuple(tensor.shape)}, {tensor.dtype}; expected {shape}, {wanted}"
        )
    if field.cardinality is not None:
        tensor = tensor.long()
        if tensor.min() < 0 or tensor.max() >= field.cardinality:
            raise DataError(f"--given: '{name}' goes beyond 0 to {field.cardinality - 1}")
        return tensor
    tensor = tensor.float()
    if not math.isfinite(float(tensor.sum())):
        raise DataError(f"--given: '{name}' holds a number that is not finite")
    return tensor
