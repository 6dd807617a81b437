"""Keeps a discriminator's slope near 1 between real and fake, as the Wasserstein distance asks.

The optimal discriminator has slope 1 on the lines from real to fake samples (WGAN-GP, proposition 1), so it is charged
there, at one random place of each line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

import ganlab
from ganlab.builtin.terms.judged import judged
from ganlab.builtin.terms.slope import distance_from, drawn, numbers, over_views, slope

if TYPE_CHECKING:
    from torch import Tensor


class GradientPenalty(ganlab.Term):
    """(||slope|| - target)^2 at a random mixture of each real row with a fake one; its weight is lambda (10).

    `one_sided` charges only slopes above the target. With `target = 0` it is the zero-centred penalty. Rows that have
    no partner on the other side (views of regions) are left out. The condition is that of the real row.
    Source: Gulrajani et al. 2017 (arXiv:1704.00028), eq. 3.
    """

    per_sample = True

    def __init__(
        self, *, target: Annotated[float, Option(ge=0, allow_inf_nan=False)] = 1.0, one_sided: bool = False
    ) -> None:
        self.target = target
        self.one_sided = one_sided

    def cost(self, turn: ganlab.Turn) -> Tensor:
        reals, fakes = judged(turn, "real", "gradient-penalty"), turn.views("fake")
        slopes = [between(turn, name, view, fakes[name]) for name, view in reals.items()]
        costs = [distance_from(self.target, each, one_sided=self.one_sided) for each in slopes]
        return over_views(costs)


def between(turn: ganlab.Turn, name: str, real: ganlab.View, fake: ganlab.View) -> Tensor:
    """The slope at one uniformly drawn place between each real row and its fake partner."""
    data, other = numbers(real, "gradient-penalty"), numbers(fake, "gradient-penalty")
    pairs = min(data.shape[0], other.shape[0])
    if data.shape[0] > pairs:
        real = cut(real, pairs)
    share = drawn(turn.random.uniform(*[1] * (data.dim() - 1)), real)
    return slope(turn, name, real, data[:pairs].lerp(other[:pairs], share))


def cut(view: ganlab.View, rows: int) -> ganlab.View:
    """The first `rows` rows of a view, with their conditions (a tensor or a list)."""
    given = None if view.given is None else view.given[:rows]
    return view.replace(data=view.data[:rows], given=given, rows=None if view.rows is None else view.rows[:rows])
