"""Figures of coloured cells, the right half the mirror image of the left: does a generator see the whole?

The agreement of the halves can be read back pixel by pixel; see `ganlab.builtin.truths.mirrored`.
"""

from __future__ import annotations

from typing import Literal

from ganlab.builtin.datasets.drawn import Count, Drawn, Seed, Size


def mirrored(
    *,
    size: Size = 32,
    channels: Literal[1, 3] = 3,
    samples: Count = 10_000,
    held_out: Count = 2_000,
    seed: Seed = 0,
) -> Drawn:
    """Eight by eight cells, about a third of them coloured: in seven colours, or with one channel in grey and white."""
    from ganlab.builtin.truths.mirrored import Mirrored

    return Drawn(Mirrored(size, channels), samples=samples, held_out=held_out, seed=seed)
