"""Discs on a plane before a pinhole camera: does a generator know that what is far looks small?

Size against distance to the horizon can be read back to a hundredth; see `ganlab.builtin.truths.ground_plane`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Option

from ganlab.builtin.datasets.drawn import Count, Drawn, Seed, Size


def ground_plane(
    *,
    size: Size = 32,
    channels: Literal[1, 3] = 3,
    discs: Annotated[int, Option(ge=2, le=4)] = 3,
    samples: Count = 10_000,
    held_out: Count = 2_000,
    seed: Seed = 0,
) -> Drawn:
    """`discs` discs of one size, in six colours or with one channel in white, on grey ground below a black sky.

    The horizon lies at 0.2 to 0.32 of the height. No two discs touch.
    """
    from ganlab.builtin.truths.ground_plane import GroundPlane

    return Drawn(GroundPlane(size, channels, discs), samples=samples, held_out=held_out, seed=seed)
