"""Scenes of a few coloured shapes: can a generator count, and does it know where things lie?

Count, shapes, places and distances of every sample can be read back exactly; see `ganlab.builtin.truths.scenes`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Option

from ganlab import RecipeError
from ganlab.builtin.datasets.drawn import Count, Drawn, Seed, Size

Shapes = Annotated[int, Option(ge=1, le=4)]


def scenes(
    *,
    size: Size = 32,
    channels: Literal[1, 3] = 3,
    least: Shapes = 1,
    most: Shapes = 3,
    samples: Count = 10_000,
    held_out: Count = 2_000,
    seed: Seed = 0,
) -> Drawn:
    """`least` to `most` discs, squares and triangles on black, in six colours or with one channel in white.

    Each count is as frequent as the others; where there are several, `label` says which, so that a class-conditional
    game can be asked for a count. No two centres are nearer than 0.33 of the width.
    """
    from ganlab.builtin.truths.scenes import Scenes

    if least > most:
        raise RecipeError(f"least = {least} is more than most = {most}; take a smaller least")
    kinds = tuple(str(number) for number in range(least, most + 1)) if least < most else ()
    truth = Scenes(size, channels, least, most)
    return Drawn(truth, samples=samples, held_out=held_out, seed=seed, kinds=kinds)
