"""Logits are pulled towards numbers instead of being classified, so that fakes far from the boundary still cost.

The loss of CycleGAN and of many image-to-image systems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

import ganlab

if TYPE_CHECKING:
    from torch import Tensor

Target = Annotated[float, Option(allow_inf_nan=False)]


class LeastSquares(ganlab.Loss):
    """Half the squared distance of a logit from its target.

    `real_target` and `fake_target` are the discriminator's (b and a in the paper), `generator_target` (c) is what the
    generator wants its fakes to be given. Targets -1, 1, 0 (a, b, c) lower a Pearson chi-squared divergence.
    Source: Mao et al. 2017 (arXiv:1611.04076), eq. 2; the defaults are eq. 9.
    """

    per_sample = True

    def __init__(self, *, real_target: Target = 1.0, fake_target: Target = 0.0, generator_target: Target = 1.0) -> None:
        self.real_target = real_target
        self.fake_target = fake_target
        self.generator_target = generator_target

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        return 0.5 * (real - self.real_target).square(), 0.5 * (fake - self.fake_target).square()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return 0.5 * (fake - self.generator_target).square()
