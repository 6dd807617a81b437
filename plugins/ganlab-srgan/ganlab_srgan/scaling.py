"""Pictures made smaller and larger as Pillow does it: the cubic of Keys with a = -0.5, widened by the factor when
pixels become fewer, so that nothing finer than the small picture can hold folds back into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LEVELS = 127.5
"""Half the steps of a picture of 8 bits, which spans [-1, 1]."""


def reduced(pictures: Tensor, factor: int) -> Tensor:
    """Pictures (N, C, H, W) by bicubic interpolation as (N, C, H / factor, W / factor); may go a little beyond their
    range."""
    return _resized(pictures, (pictures.shape[2] // factor, pictures.shape[3] // factor))


def enlarged(pictures: Tensor, factor: int) -> Tensor:
    """Pictures (N, C, H, W) by bicubic interpolation as (N, C, H factor, W factor)."""
    return _resized(pictures, (pictures.shape[2] * factor, pictures.shape[3] * factor))


def as_kept(pictures: Tensor) -> Tensor:
    """The pictures as a file of 8 bits would hold them: within [-1, 1], in its steps."""
    return ((pictures.clamp(-1, 1) + 1) * LEVELS).round() / LEVELS - 1


def _resized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    from torch.nn.functional import interpolate

    return interpolate(pictures, size, mode="bicubic", antialias=True, align_corners=False)
