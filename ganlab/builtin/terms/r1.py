"""A discriminator is charged for its slope at real data, so that it comes to rest once real and fake look alike.

Without it even a simple game circles around its equilibrium for ever. Its weight is gamma of the paper; charged
lazily (`every = 16`) it costs little and works as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.terms.judged import judged
from ganlab.builtin.terms.slope import numbers, over_views, slope

if TYPE_CHECKING:
    from torch import Tensor


class R1(ganlab.Term):
    """Half the squared norm of the verdict's slope at each row of real data.

    Source: Mescheder et al. 2018 (arXiv:1801.04406), eq. 9; lazily: Karras et al. 2020 (arXiv:1912.04958), section 3.1.
    """

    per_sample = True

    def cost(self, turn: ganlab.Turn) -> Tensor:
        views = judged(turn, "real", "r1").items()
        slopes = [slope(turn, name, view, numbers(view, "r1")) for name, view in views]
        return over_views([0.5 * each.square().sum(1) for each in slopes])
