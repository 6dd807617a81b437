"""The difference of mean logits: an earth mover's distance, as far as the discriminator's slope is kept at 1.

Nothing here keeps it there: name the term `gradient-penalty` beside it, or an architecture with spectral norm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class Wasserstein(ganlab.Loss):
    """-D(x) and D(G(z)) for the discriminator, -D(G(z)) for the generator.

    The negated sum of the discriminator's costs estimates the distance between real and fake.
    Source: Arjovsky et al. 2017 (arXiv:1701.07875), eq. 2 and algorithm 1.
    """

    per_sample = True

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return -real, fake

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake
