"""The loss most GANs are trained with: the discriminator classifies, the generator asks to be called real.

The generator's gradient is largest where the discriminator is surest, so that a generator that loses still learns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class NonSaturating(ganlab.Loss):
    """-log D(x) and -log(1 - D(G(z))) for the discriminator, -log D(G(z)) for the generator; log 2 each at logit 0.

    `smoothing` (0..0.5) makes the target of real data 1 - smoothing, so that the discriminator is not paid for being
    ever more certain: one-sided label smoothing (Salimans et al. 2016, arXiv:1606.03498, section 3.4).
    Source: Goodfellow et al. 2014 (arXiv:1406.2661), section 3.
    """

    per_sample = True

    def __init__(self, *, smoothing: Annotated[float, Option(ge=0, lt=0.5), ganlab.Search(0.0, 0.3)] = 0.0) -> None:
        self.smoothing = smoothing

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        from torch.nn.functional import softplus

        real_cost = softplus(-real)
        if self.smoothing:
            # Cross-entropy against the target t is softplus(-x) + (1 - t) x.
            real_cost = real_cost + self.smoothing * real
        return real_cost, softplus(fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-fake)
