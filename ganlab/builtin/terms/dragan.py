"""Keeps a discriminator's slope near 1 around real data, so that no sharp cliff forms between them and the fakes.

It looks at real data and noise alone and works beside any loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

import ganlab
from ganlab.builtin.terms.judged import judged
from ganlab.builtin.terms.slope import distance_from, drawn, numbers, over_views, slope

if TYPE_CHECKING:
    from torch import Tensor


class Dragan(ganlab.Term):
    """(||slope|| - target)^2 at real rows with normal noise added; its weight is lambda (10).

    `deviation` is the noise's standard deviation, in units of data that live in [-1, 1].
    Source: Kodali et al. 2017 (arXiv:1705.07215).
    """

    per_sample = True

    def __init__(
        self,
        *,
        deviation: Annotated[float, Option(gt=0, allow_inf_nan=False)] = 0.25,
        target: Annotated[float, Option(ge=0, allow_inf_nan=False)] = 1.0,
    ) -> None:
        self.deviation = deviation
        self.target = target

    def cost(self, turn: ganlab.Turn) -> Tensor:
        slopes = [self._around(turn, name, view) for name, view in judged(turn, "real", "dragan").items()]
        return over_views([distance_from(self.target, each) for each in slopes])

    def _around(self, turn: ganlab.Turn, name: str, view: ganlab.View) -> Tensor:
        data = numbers(view, "dragan")
        noise = drawn(turn.random.normal(*data.shape[1:]), view)
        return slope(turn, name, view, data.add(noise, alpha=self.deviation))
