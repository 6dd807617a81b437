"""A picture that already is of the wanted kind should be left alone, which keeps colours as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.terms.distance import of_pairs

if TYPE_CHECKING:
    from torch import Tensor


class Identity(ganlab.Term):
    """Mean absolute difference between a generator's answer to its own kind and that picture, summed; a scalar.

    Its weight in the paper is half that of `cycle` (5).
    Source: Zhu et al. 2017 (arXiv:1703.10593), section 5.2.
    """

    def cost(self, turn: ganlab.Turn) -> Tensor:
        return of_pairs(turn, "identity")
