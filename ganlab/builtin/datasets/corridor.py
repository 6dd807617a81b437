"""Corridors: four lines that run into one vanishing point. Does a generator know perspective?

Whether the lines of a sample meet can be read back to a thousandth of the width; see `ganlab.builtin.truths.corridor`.
"""

from __future__ import annotations

from typing import Literal

from ganlab.builtin.datasets.drawn import Count, Drawn, Seed, Size


def corridor(
    *,
    size: Size = 32,
    channels: Literal[1, 3] = 3,
    samples: Count = 10_000,
    held_out: Count = 2_000,
    seed: Seed = 0,
) -> Drawn:
    """The edges of a corridor on black: red, green, blue and yellow, or with one channel white.

    The vanishing point lies within a tenth of the width of the middle; the lines end before they reach it.
    """
    from ganlab.builtin.truths.corridor import Corridor

    return Drawn(Corridor(size, channels), samples=samples, held_out=held_out, seed=seed)
