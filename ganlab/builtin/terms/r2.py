"""The same charge as R1, taken at fakes: the discriminator is flat where the generator is, too.

With a relativistic loss both are needed for the game to settle (R3GAN).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab
from ganlab.builtin.terms.judged import judged
from ganlab.builtin.terms.slope import numbers, over_views, slope

if TYPE_CHECKING:
    from torch import Tensor


class R2(ganlab.Term):
    """Half the squared norm of the verdict's slope at each row of fakes. Its weight is gamma of the paper.

    Source: Mescheder et al. 2018 (arXiv:1801.04406), eq. 10; Huang et al. 2025 (arXiv:2501.05441).
    """

    per_sample = True

    def cost(self, turn: ganlab.Turn) -> Tensor:
        views = judged(turn, "fake", "r2").items()
        slopes = [slope(turn, name, view, numbers(view, "r2")) for name, view in views]
        return over_views([0.5 * each.square().sum(1) for each in slopes])
