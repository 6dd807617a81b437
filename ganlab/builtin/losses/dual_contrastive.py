"""Pick the one real sample among many fakes, and the one fake among many real samples.

A classification over the whole batch: the discriminator has to know what is common to all real data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class DualContrastive(ganlab.Loss):
    """Cross-entropy of each real sample against all fakes, and of each fake against all real ones with logits negated.

    The generator raises what the discriminator lowers. Logits that are a map are contrasted position by position. What
    a sample is contrasted with is the part of the batch at hand: a batch divided over processes or over an accumulation
    contrasts fewer.
    Source: Yu et al. 2021 (arXiv:2103.16748).
    """

    compares = True

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        from torch.nn.functional import softplus

        # -log(e^x / (e^x + sum_j e^{f_j})) = softplus(logsumexp_j f_j - x): no N x N table is built.
        return softplus(fake.logsumexp(0) - real), softplus(fake + (-real).logsumexp(0))

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        assert real is not None  # Promised by `compares`.
        real_cost, fake_cost = self.discriminator(real, fake)
        return -fake_cost - real_cost.mean(0)
