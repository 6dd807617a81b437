"""`moving-digits`: real handwritten digits that fly and bounce (Srivastava et al. 2015, arXiv:1502.04681).

The digits are scikit-learn's 1,797 (E. Alpaydin and C. Kaynak, UCI 1998, doi:10.24432/C50P49), 8 x 8 pixels in 17 grey
levels. Those that fly in held-out clips fly in no training clip.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Dataset, Field, RecipeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ganlab_dvdgan.clips import Clips

SIDE = 8
"""Pixels of a digit."""

HELD_OUT = 5
"""Every fifth digit of each class is kept for held-out clips."""


class MovingDigits(Dataset):
    """Field `video` (frames, 1, size, size), and with one digit `label`, which it is.

    `digits` of a clip are as bright together as the brightest of them; `slowest` to `fastest` are pixels a frame.
    """

    train: Clips
    held_out: Clips

    def __init__(
        self,
        *,
        size: Annotated[int, Option(ge=12, le=256)] = 16,
        frames: Annotated[int, Option(ge=2, le=1024)] = 8,
        digits: Annotated[int, Option(ge=1, le=4)] = 1,
        slowest: Annotated[float, Option(ge=0, le=64)] = 0.5,
        fastest: Annotated[float, Option(gt=0, le=64)] = 2.0,
        samples: Annotated[int, Option(ge=1, le=10_000_000)] = 10_000,
        held_out: Annotated[int, Option(ge=1, le=10_000_000)] = 1_000,
        seed: Annotated[int, Option(ge=0, lt=2**31)] = 0,
    ) -> None:
        import torch
        from sklearn.datasets import load_digits

        from ganlab_dvdgan.clips import in_a_row

        if slowest > fastest:
            raise RecipeError(f"slowest = {slowest:g} is more than fastest = {fastest:g}; take a smaller slowest")
        bunch = load_digits()
        pictures = torch.from_numpy(bunch.images).to(torch.float32) / 16
        labels = torch.from_numpy(bunch.target).to(torch.int64)
        order = torch.cat([(labels == each).nonzero().flatten() for each in range(10)])
        kept = torch.cat([torch.arange(int((labels == each).sum())) % HELD_OUT == HELD_OUT - 1 for each in range(10)])
        self.fields = {"video": Field("video", (frames, 1, size, size))}
        if digits == 1:
            self.fields["label"] = Field("category", cardinality=10, names=tuple("0123456789"))
        generator = torch.Generator().manual_seed(seed)

        def part(count: int, among: Tensor) -> Clips:
            which = among[torch.randint(len(among), (count, digits), generator=generator)]
            videos = flown(pictures[which], frames, size, (slowest, fastest), generator)
            return in_a_row(videos, {"label": labels[which[:, 0]]} if digits == 1 else {})

        self.train, self.held_out = part(samples, order[~kept]), part(held_out, order[kept])

    def fingerprint(self) -> str:
        from ganlab_dvdgan.clips import fingerprint

        return fingerprint(self.train, self.held_out)


def flown(
    pictures: Tensor, frames: int, size: int, speed: tuple[float, float], generator: torch.Generator, at_once: int = 512
) -> Tensor:
    """Pictures (N, S, 8, 8), 0..1, flying over black frames: bytes (N, frames, 1, size, size).

    Between pixels a picture is interpolated (bilinear), so that it moves smoothly.
    """
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    from ganlab_dvdgan.clips import levels
    from ganlab_dvdgan.rendering import bounced

    count, digits = pictures.shape[:2]
    room = size - SIDE
    start = torch.rand(count, 1, digits, 2, generator=generator)
    angle = torch.rand(count, 1, digits, generator=generator) * 2 * math.pi
    fast = speed[0] + (speed[1] - speed[0]) * torch.rand(count, 1, digits, 1, generator=generator)
    step = fast * torch.stack([angle.cos(), angle.sin()], 3) / room
    corners = room * bounced(start + step * torch.arange(frames)[:, None, None])  # (N, T, S, 2)
    made = []
    for first in range(0, count, at_once):
        corner = corners[first : first + at_once].flatten(0, 2)
        theta = torch.zeros(len(corner), 2, 3)
        theta[:, 0, 0] = theta[:, 1, 1] = size / SIDE
        theta[:, :, 2] = (size - 2 * corner) / SIDE - 1
        moved = pictures[first : first + at_once, None].expand(-1, frames, -1, -1, -1).flatten(0, 2)[:, None]
        grid = affine_grid(theta, [len(corner), 1, size, size], align_corners=False)
        flying = grid_sample(moved, grid, align_corners=False).reshape(-1, frames, digits, 1, size, size)
        made.append(levels(flying.amax(2) * 2 - 1))
    return torch.cat(made)
