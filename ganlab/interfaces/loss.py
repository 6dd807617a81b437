"""The adversarial loss: what a discriminator pays for its logits and what the generator pays against it.

Three instances: non-saturating (Goodfellow et al. 2014), hinge (Lim & Ye 2017), relativistic pairing
(Jolicoeur-Martineau 2018), whose costs compare real with fake. High logit = real.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from ganlab.interfaces.component import Component

if TYPE_CHECKING:
    from torch import Tensor


class Loss(Component, ABC):
    """Charged to every discriminator and to the generator against each of them. Costs keep the shape of the logits
    ((N,) or a map) or are scalars; the engine takes the mean."""

    compares: ClassVar[bool] = False
    """True if the generator's cost needs the verdict on real data (relativistic losses)."""

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Costs of the logits on real and on fake data, apart, so that sides can be weighted and recorded."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Cost of the logits on fake data; `real` is given only if `compares`."""
