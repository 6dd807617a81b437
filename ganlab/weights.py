"""Weights that the user has: a safetensors file, named with its SHA-256, so that a number says what it was made with.
Part of the public door: feature networks and perceptual terms of any package read theirs here.

Nothing is downloaded, and nothing that could run code is read: 'ganlab import-torch' turns a .pt or .pth file into a
safetensors file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field as Option

from ganlab import DataError, RecipeError
from ganlab.foreign.header import read_header

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Sha256: TypeAlias = Annotated[str, Option(pattern="^[0-9a-fA-F]{64}$")]
Path: TypeAlias = Annotated[str, Option(min_length=1)]

MOST_BYTES = 8 << 30
SHOWN = 3

MAKE = "make one with 'ganlab import-torch FILE.pt --out FILE.safetensors'"


def read_weights(path: str, sha256: str) -> dict[str, Tensor]:
    """The tensors in the file, by name. Raises `RecipeError` if there is none, `DataError` if it is another one."""
    from safetensors.torch import load

    raw = _read(os.path.expanduser(path), path)
    found = hashlib.sha256(raw).hexdigest()
    if found != sha256.lower():
        raise DataError(
            f"{path}: has the SHA-256 {found}, expected {sha256.lower()}; take the right file, or set sha256 if it is"
        )
    try:
        read_header(BytesIO(raw), len(raw))
        tensors: dict[str, Tensor] = load(raw)
    except ValueError as error:
        raise DataError(f"{path}: is no safetensors file ({error}); {MAKE}") from None
    except Exception as error:  # safetensors raises its own kind, which it does not export
        raise DataError(f"{path}: cannot be read ({' '.join(str(error).split())}); {MAKE}") from None
    return tensors


def settle(path: str, network: Module, weights: Mapping[str, Tensor], what: str) -> None:
    """Give a network that was built without memory its weights, as float32, ready to be asked. Raises `DataError`."""
    import torch

    wanted = {name: tuple(each.shape) for name, each in network.state_dict().items()}
    lacking = [name for name in wanted if name not in weights]
    wrong = [name for name in wanted if name in weights and tuple(weights[name].shape) != wanted[name]]
    spare = [name for name in weights if name not in wanted]
    for told, names in (("lacks", lacking), ("has other shapes of", wrong), ("also holds", spare)):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            raise DataError(f"{path}: holds no {what}: it {told} {', '.join(names[:SHOWN])}{more}; take another file")
    if not all(bool(torch.isfinite(each).all()) for each in weights.values() if each.is_floating_point()):
        raise DataError(f"{path}: holds numbers that are not finite; take a whole file")
    network.load_state_dict({name: each.float() for name, each in weights.items()}, assign=True)
    network.requires_grad_(False).eval()


def _read(place: str, told: str) -> bytes:
    try:
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
                raise RecipeError(f"weights = '{told}': is no plain file of up to 8 GiB; name a safetensors file")
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecipeError(
            f"weights = '{told}': cannot be read ({reason}); ganlab downloads none: name a safetensors file you have"
        ) from None
