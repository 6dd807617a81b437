"""The loss of the first GAN: one number that the discriminator raises and the generator lowers.

A discriminator that wins leaves the generator almost no gradient, which is why `non-saturating` came with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class Minimax(ganlab.Loss):
    """log D(x) + log(1 - D(G(z))), raised by the discriminator, lowered by the generator; D is the logit's sigmoid.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), eq. 1.
    """

    per_sample = True

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        from torch.nn.functional import softplus

        return softplus(-real), softplus(fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        from torch.nn.functional import softplus

        return -softplus(fake)
