"""A fake is judged beside a real sample: what counts is which of the two has the higher logit.

Each fake must beat a real partner of its own, so that a generator cannot win with a few good modes. R3GAN's loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class RelativisticPairing(ganlab.Loss):
    """softplus(D(G(z)) - D(x)) for the discriminator, softplus(D(x) - D(G(z))) for the generator; log 2 at equality.

    Row i of the fakes is paired with row i of the real data. Where one side has more rows (views of regions) the rest
    of it has no partner and costs nothing. The discriminator pays one cost per pair; it is handed over as two equal
    halves, so weigh both sides alike.
    Source: Jolicoeur-Martineau 2018 (arXiv:1807.00734); Huang et al. 2025, R3GAN (arXiv:2501.05441), eq. 2.
    """

    per_sample = True
    compares = True

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        from torch.nn.functional import softplus

        real, fake = paired(real, fake)
        half = 0.5 * softplus(fake - real)
        return half, half

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        from torch.nn.functional import softplus

        assert real is not None  # Promised by `compares`.
        real, fake = paired(real, fake)
        return softplus(real - fake)


def paired(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Both cut to the rows that have a partner."""
    pairs = min(real.shape[0], fake.shape[0])
    return real[:pairs], fake[:pairs]
