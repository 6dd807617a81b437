"""The discriminator is charged only for logits inside a margin; the generator moves its logits up without end.

The loss of SNGAN, SAGAN and BigGAN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class Hinge(ganlab.Loss):
    """max(0, 1 - D(x)) and max(0, 1 + D(G(z))) for the discriminator, -D(G(z)) for the generator.

    Source: Lim & Ye 2017 (arXiv:1705.02894); Miyato et al. 2018 (arXiv:1802.05957), eq. 16 and 17.
    """

    per_sample = True

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return (1 - real).relu(), (1 + fake).relu()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake
