"""There and back again: a picture turned into the other kind and back should be the picture it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.terms.distance import of_pairs

if TYPE_CHECKING:
    from torch import Tensor


class Cycle(ganlab.Term):
    """Mean absolute difference between what came back and what was sent, summed over both ways; a scalar.

    Its weight is lambda of the paper (10).
    Source: Zhu et al. 2017 (arXiv:1703.10593), eq. 2.
    """

    def cost(self, turn: ganlab.Turn) -> Tensor:
        return of_pairs(turn, "cycle")
