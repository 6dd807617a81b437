"""What feature networks for pictures share: which fields they take, and how pictures are brought to their size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ganlab import Field, RecipeError

if TYPE_CHECKING:
    from torch import Tensor


def check_pictures(name: str, field: Field, *, channels: tuple[int, ...] = (), least: int = 1) -> None:
    """Raise `RecipeError` unless the field is of pictures with that many channels and at least that many pixels."""
    if field.kind != "image" or len(field.shape) != 3:
        raise RecipeError(f"'{name}' embeds pictures, not '{field.kind}' {field.shape}; take 'auto'")
    if channels and field.shape[0] not in channels:
        wanted = " or ".join(map(str, channels))
        raise RecipeError(f"'{name}' embeds pictures of {wanted} channels, not {field.shape[0]}; take 'random-conv'")
    if min(field.shape[1:]) < least:
        size = " x ".join(map(str, field.shape[1:]))
        raise RecipeError(f"'{name}' embeds pictures of {least} x {least} pixels or more, not {size}; take 'auto'")


def in_chunks(network: Callable[[Tensor], Tensor], data: Tensor, rows: int) -> Tensor:
    """`network(data)`, so many rows at a time: what is in between fits into memory."""
    import torch

    if len(data) <= rows:
        return network(data)
    return torch.cat([network(part) for part in torch.split(data, rows)])


def in_colour(data: Tensor) -> Tensor:
    """Three channels, of one by repetition."""
    return data.expand(-1, 3, -1, -1) if data.shape[1] == 1 else data
