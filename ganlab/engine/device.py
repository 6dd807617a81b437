"""Where and in which precision the game is played."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import Module

from ganlab.errors import RecipeError

RESIDENT_SHARE = 0.25
"""Share of a GPU's free memory that a dataset may take to live there."""

NOTHING: AbstractContextManager[None] = nullcontext()


def find_device(name: str) -> torch.device:
    """The device of that name; 'auto' takes a GPU if there is one. Raises `RecipeError` if it is absent."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise RecipeError(f"no device named '{name}'; expected cpu, cuda or cuda:N") from None
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise RecipeError(f"device '{name}' asked for, but this machine has no usable GPU; take --device cpu")
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) if device.index is None else device.index)
        if device.index is not None and device.index >= torch.cuda.device_count():
            raise RecipeError(f"device '{name}' asked for, but there are {torch.cuda.device_count()} GPUs")
    elif device.type != "cpu":
        raise RecipeError(f"device '{name}' is not supported; expected cpu, cuda or cuda:N")
    return device


def use_threads(count: int | None) -> None:
    """Compute with so many CPU threads, unless the user has said how many by OMP_NUM_THREADS."""
    if count is not None and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(count)


@dataclass(frozen=True)
class Place:
    """A device, a precision and a memory format."""

    device: torch.device
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    memory_format: Literal["contiguous", "channels_last"] = "contiguous"

    def __post_init__(self) -> None:
        if self.precision == "float16" and self.device.type != "cuda":
            raise RecipeError("precision = 'float16' needs a GPU; take 'bfloat16' or 'float32' on the CPU")

    def autocast(self) -> AbstractContextManager[Any]:
        """Forward passes in the reduced precision, if one is asked for."""
        if self.precision == "float32":
            return NOTHING
        return torch.autocast(self.device.type, getattr(torch, self.precision))

    def full_precision(self) -> AbstractContextManager[Any]:
        """Forward passes in float32 inside an `autocast`."""
        if self.precision == "float32":
            return NOTHING
        return torch.autocast(self.device.type, enabled=False)

    def settle(self, module: Module) -> Module:
        """The module, on the device and in the memory format."""
        module = module.to(self.device)
        if self.memory_format == "channels_last":
            module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return module

    def bring(self, value: Any) -> Any:
        """A batch entry on the device, images in the memory format; what is not a tensor stays."""
        if not isinstance(value, Tensor):
            return value
        if self.memory_format == "channels_last" and value.dim() == 4:
            return value.to(self.device, memory_format=torch.channels_last, non_blocking=True)
        return value.to(self.device, non_blocking=True)
