"""The random states that everybody shares: Python's, numpy's and torch's.

The game's own draws never touch them, see `random`, but a plugin's network may (dropout), so a checkpoint keeps them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy
import torch
from torch import Tensor

from ganlab.engine.vetting import is_finite, is_whole, strange, table

TWISTER = 624
"""Words in the state of a Mersenne Twister."""


def random_state(device: torch.device) -> dict[str, Any]:
    """All of them; of torch's, the processor's and that of the device."""
    version, numbers, gauss = random.getstate()
    name, keys, *rest = numpy.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "python": [version, list(numbers), gauss],
        "numpy": [str(name), torch.from_numpy(numpy.asarray(keys, numpy.int64)), *(each for each in rest)],
    }


def restore_random(state: Mapping[str, Any], device: torch.device) -> None:
    """Take back what `random_state` returned."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = state["numpy"]
    numpy.random.set_state((name, keys.numpy().astype(numpy.uint32), *rest))
    if state["cuda"] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
    torch.set_rng_state(state["torch"])


def check_random(state: Any) -> None:
    """Raise `CheckpointError` unless each generator's state has its size. A place in the table of a Mersenne Twister
    beyond its end would be read from memory that is none of it: numpy does not look."""
    for kind in ("python", "numpy"):
        if not isinstance(table("random states", state)[kind], list | tuple):
            raise strange(f"random state of {kind}", state[kind], "a list")
    version, numbers, gauss = state["python"]
    python = isinstance(numbers, list | tuple) and len(numbers) == TWISTER + 1
    if not python or not all(is_whole(each, 2**32 - 1) for each in numbers) or numbers[-1] > TWISTER:
        raise strange("random state of Python", numbers, f"{TWISTER} words and a place")
    name, keys, place, has_gauss, cached = state["numpy"]
    words = isinstance(keys, Tensor) and keys.dtype == torch.int64 and keys.shape == (TWISTER,)
    if name != "MT19937" or not words or bool(((keys < 0) | (keys >= 2**32)).any()) or not is_whole(place, TWISTER):
        raise strange("random state of numpy", [name, place], f"MT19937, {TWISTER} words and a place")
    if not is_whole(has_gauss, 1) or not is_finite(cached) or not (gauss is None or is_finite(gauss)) or version != 3:
        raise strange("random state", [version, gauss, has_gauss, cached], "Python's and numpy's")
    for device in ("torch", "cuda"):
        kept = state[device]
        bytes_ = isinstance(kept, Tensor) and kept.dtype == torch.uint8 and kept.dim() == 1
        if not bytes_ and (kept is not None or device == "torch"):
            raise strange(f"random state of {device}", kept, "bytes")
