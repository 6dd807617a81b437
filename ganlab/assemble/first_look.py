"""What plugins hand over before the first round, looked at: a wrong shape is told here, and not in round 1 by torch.

A dataset, a task or a loss that breaks its contract is a `PluginError`; samples with wrong numbers are a `DataError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab.answers import kind
from ganlab.errors import DataError, PluginError
from ganlab.interfaces.dataset import Dataset, Source
from ganlab.interfaces.loss import Loss
from ganlab.values import Batch, Field, Fields, Verdict, View

IN_RANGE = ("image", "video", "volume")
"""Kinds of field whose numbers live in [-1, 1]."""

ROUNDING = 1e-4

Shape = tuple[int, ...]


def check_dataset(name: str, dataset: Dataset) -> None:
    """Raise `PluginError` unless it has fields and two sources that say how long they are."""
    who = f"dataset '{name}'"
    fields = getattr(dataset, "fields", None)
    if not isinstance(fields, Mapping) or not fields or not all(isinstance(each, Field) for each in fields.values()):
        raise PluginError(f"{who} has {kind(fields)} for its fields, expected Field by name; tell its author")
    for part in ("train", "held_out"):
        source = getattr(dataset, part, None)
        if not isinstance(source, Source):
            raise PluginError(f"{who} has {kind(source)} for its '{part}', expected a Source; tell its author")


def check_rows(fields: Fields, batch: Batch) -> None:
    """Raise `PluginError` or `DataError` unless the batch holds what the fields say. With several datasets, each."""
    for name, field in fields.items():
        if not isinstance(field, Field):
            check_rows(field, batch[name])
        elif name not in batch:
            raise PluginError(f"the dataset has a field '{name}' and hands out none; tell its author")
        elif not isinstance(values := batch[name], Tensor):
            if not hasattr(values, "__len__") or len(values) != batch.size:
                raise PluginError(f"the dataset hands out {kind(values)} as '{name}', expected {batch.size} of them")
        else:
            _check_values(name, field, values, batch.size)


def _check_values(name: str, field: Field, values: Tensor, count: int) -> None:
    expected = (count, *field.shape)
    told = f"the dataset hands out '{name}' as {values.dtype} of shape {tuple(values.shape)}"
    if values.shape != expected:
        raise PluginError(f"{told}, its field says {expected}; tell its author")
    if field.cardinality is not None:
        if values.dtype != torch.int64:
            raise PluginError(f"{told}, expected torch.int64; tell its author")
        if values.numel() and not 0 <= int(values.min()) <= int(values.max()) < field.cardinality:
            span = f"{int(values.min())} to {int(values.max())}"
            raise DataError(f"'{name}' of the first samples spans {span}, expected 0 to {field.cardinality - 1}")
        return
    if field.kind in IN_RANGE and values.dtype != torch.float32:
        raise PluginError(f"{told}, expected torch.float32; tell its author")
    if values.is_floating_point() and values.numel():
        if not bool(torch.isfinite(values).all()):
            raise DataError(f"'{name}' of the first samples holds numbers that are not finite; mend the data")
        if field.kind in IN_RANGE and float(values.abs().max()) > 1 + ROUNDING:
            span = f"{float(values.min()):g} to {float(values.max()):g}"
            raise DataError(f"'{name}' of the first samples spans {span}, expected -1 to 1; scale the data")


def check_named(who: str, answer: Any, what: str) -> Mapping[str, Any]:
    """The answer, which must be a mapping with names for keys. Raises `PluginError`."""
    if not isinstance(answer, Mapping) or not all(isinstance(name, str) for name in answer):
        raise PluginError(f"{who} answered {kind(answer)}, expected {what} by name; tell its author")
    return answer


def check_views(who: str, answer: Any) -> Mapping[str, View]:
    """The views a task shows. Raises `PluginError`."""
    views = check_named(who, answer, "views")
    for name, view in views.items():
        if not isinstance(view, View):
            raise PluginError(f"{who} shows {kind(view)} as '{name}', expected a View; tell its author")
        rows = view.rows
        if rows is not None and not (isinstance(rows, Tensor) and rows.dtype == torch.int64 and rows.dim() == 1):
            raise PluginError(f"{who} shows '{name}' with {kind(rows)} for its rows, expected int64 (M,)")
    if not views:
        raise PluginError(f"{who} shows no view; a game needs one at least")
    return views


def check_made(who: str, name: str, values: Tensor) -> None:
    """Raise `PluginError` unless a generator made finite numbers."""
    if values.is_floating_point() and not bool(torch.isfinite(values).all()):
        raise PluginError(f"{who} made '{name}' with numbers that are not finite before any training; tell its author")


def check_verdict(view: str, answer: Any) -> dict[str, Shape]:
    """The shape of a row of each of the judge's logits. Raises `PluginError`."""
    who = f"the judge of view '{view}'"
    verdict = Verdict(answer) if isinstance(answer, Tensor) else answer
    if not isinstance(verdict, Verdict):
        raise PluginError(f"{who} answered {kind(answer)}, expected logits or a Verdict; tell its author")
    for logits in verdict.judgements.values():
        if not isinstance(logits, Tensor) or not logits.is_floating_point() or not logits.dim():
            told = f"{logits.dtype} {tuple(logits.shape)}" if isinstance(logits, Tensor) else kind(logits)
            raise PluginError(f"{who} answered {told} as logits, expected floating-point (M, ...); tell its author")
    return {name: tuple(logits.shape[1:]) for name, logits in verdict.judgements.items()}


def check_loss(who: str, loss: Loss, shapes: Mapping[str, Shape]) -> None:
    """Ask the loss, of which there is another to be played with, what logits whose rows have these shapes cost. Raises
    `PluginError` for what is no cost."""
    for shape in set(shapes.values()):
        generator = torch.Generator().manual_seed(0)
        real, fake = (torch.randn(4, *shape, generator=generator).requires_grad_() for _ in range(2))
        costs = loss.discriminator(real, fake)
        if not isinstance(costs, tuple | list) or len(costs) != 2:
            raise PluginError(f"{who} charged a discriminator {kind(costs)}, expected two costs; tell its author")
        for cost in (*costs, loss.generator(fake, real if loss.compares else None)):
            _check_cost(who, cost, real)


def _check_cost(who: str, cost: Any, logits: Tensor) -> None:
    told = f"{cost.dtype} of shape {tuple(cost.shape)}" if isinstance(cost, Tensor) else kind(cost)
    if not isinstance(cost, Tensor) or cost.shape not in ((), logits.shape) or not cost.is_floating_point():
        expected = f"floating-point {tuple(logits.shape)} or one number"
        raise PluginError(f"{who} charged {told} for logits {tuple(logits.shape)}, expected {expected}")
