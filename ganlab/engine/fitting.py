"""Whether what a checkpoint holds fits what the recipe builds, by name, shape and kind of number: torch casts float64
in silence, and an optimiser takes a memory of any shape."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from copy import copy
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Optimizer

from ganlab.engine.container import one_line
from ganlab.errors import CheckpointError

SHOWN = 3


def check_fit(mine: Mapping[str, Tensor], kept: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` with the first names that are missing, unknown, or of another shape or dtype."""
    if not isinstance(kept, Mapping):
        raise CheckpointError(f"its weights are {_kind(kept)}, expected a table")
    problems = [f"lacks {name}" for name in mine if name not in kept]
    problems += [f"has {name}, which is unknown here" for name in kept if name not in mine]
    for name, tensor in mine.items():
        other = kept.get(name, tensor)
        if not isinstance(other, Tensor):
            problems.append(f"{name} is no tensor")
        elif _kind(other) != _kind(tensor):
            problems.append(f"{name} is {_kind(other)}, expected {_kind(tensor)}")
    refuse(problems, len(mine))


def fitting_memory(
    optimizer: Optimizer, parameters: Mapping[str, Parameter], kept: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Of `kept`, by parameter, what this optimiser remembers of these parameters.

    A parameter that never had a gradient is not remembered; what another optimiser knew beside is left out. Raises
    `CheckpointError` if something is missing, or of another shape or dtype.
    """
    problems = [f"remembers {name}, which is unknown here" for name in kept if name not in parameters]
    found = {}
    for name, parameter in parameters.items():
        if name not in kept:
            continue
        memory = kept[name]
        mine = memory_of(optimizer, parameter)
        problems += [f"lacks {key} of {name}" for key in mine if key not in memory]
        for key, wanted in mine.items():
            value = memory.get(key, wanted)
            if _kind(value) != _kind(wanted):
                problems.append(f"{key} of {name} is {_kind(value)}, expected {_kind(wanted)}")
            elif key == "step" and not 0 <= float(value) < math.inf:
                problems.append(f"{key} of {name} is {float(value)}, expected a count")
        found[name] = {key: value for key, value in memory.items() if key in mine}
    refuse(problems, len(parameters))
    if found and isinstance(optimizer, SGD):  # its fused kernel takes a velocity of all or of none; zero is none
        return {name: found.get(name) or memory_of(optimizer, each) for name, each in parameters.items()}
    return found


def memory_of(optimizer: Optimizer, parameter: Parameter) -> dict[str, Any]:
    """What the optimiser remembers of a parameter once it has stepped: found by a step on a copy, along nothing."""
    if known := optimizer.state.get(parameter):  # it has, or begins with a memory
        return dict(known)
    group = next(each for each in optimizer.param_groups if any(own is parameter for own in each["params"]))
    own = parameter.detach().clone()
    own.grad = torch.zeros_like(own)
    scratch = copy(optimizer)
    scratch.param_groups = [{**group, "params": [own]}]
    scratch.state = defaultdict(dict)
    scratch.step()
    return dict(scratch.state[own])


def refuse(problems: list[str], count: int) -> None:
    """Raise `CheckpointError` that names the first few, if there are any."""
    if problems:
        more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        told = "; ".join(one_line(each) for each in problems[:SHOWN])
        raise CheckpointError(f"{told}{more} (of {count} tensors)")


def _kind(value: Any) -> str:
    if not isinstance(value, Tensor):
        return "nothing" if value is None else f"a {type(value).__name__}"
    return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
