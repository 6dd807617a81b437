"""Whether what a checkpoint holds fits what the recipe builds, by name, shape and kind of number: torch casts float64
in silence, and an optimiser takes a memory of any shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import Parameter

from ganlab.errors import CheckpointError

SHOWN = 3


def check_fit(mine: Mapping[str, Tensor], kept: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` with the first names that are missing, unknown, or of another shape or dtype."""
    problems = [f"lacks {name}" for name in mine if name not in kept]
    problems += [f"has {name}, which is unknown here" for name in kept if name not in mine]
    for name, tensor in mine.items():
        other = kept.get(name, tensor)
        if not isinstance(other, Tensor):
            problems.append(f"{name} is no tensor")
        elif other.shape != tensor.shape or other.dtype != tensor.dtype:
            problems.append(f"{name} is {_kind(other)}, expected {_kind(tensor)}")
    refuse(problems, len(mine))


def check_memory(parameters: Mapping[str, Parameter], kept: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` if an optimiser's memory is not of its parameters.

    Each tensor is a number, or has in each dimension as many as its parameter or one (Adafactor's factors).
    """
    problems = [f"remembers {name}, which is unknown here" for name in kept if name not in parameters]
    for name, parameter in parameters.items():
        for key, value in dict(kept.get(name, {})).items():
            if not isinstance(value, Tensor) or value.numel() == 1:
                continue
            pairs = zip(value.shape, parameter.shape, strict=False)
            if value.dim() != parameter.dim() or any(have not in (1, wanted) for have, wanted in pairs):
                problems.append(f"{key} of {name} is {_kind(value)}, beside {_kind(parameter)}")
    refuse(problems, len(parameters))


def refuse(problems: list[str], count: int) -> None:
    """Raise `CheckpointError` that names the first few, if there are any."""
    if problems:
        more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise CheckpointError(f"{'; '.join(problems[:SHOWN])}{more} (of {count} tensors)")


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
