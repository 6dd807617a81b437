"""Marks in the four corners, three of which must agree: does a generator keep a rule over a distance?

Each mark can be read back; see `ganlab.builtin.truths.joint_parts`.
"""

from __future__ import annotations

from typing import Literal

from ganlab.builtin.datasets.drawn import Count, Drawn, Seed, Size


def joint_parts(
    *,
    size: Size = 32,
    channels: Literal[1, 3] = 3,
    samples: Count = 10_000,
    held_out: Count = 2_000,
    seed: Seed = 0,
) -> Drawn:
    """A bar in each corner, in one of four directions: A and B above, C and D below. C = (A + B) mod 4, D is free.

    Colours, seven or with one channel white, are free too, and each bar lies within 0.04 of its corner's middle.
    """
    from ganlab.builtin.truths.joint_parts import JointParts

    return Drawn(JointParts(size, channels), samples=samples, held_out=held_out, seed=seed)
