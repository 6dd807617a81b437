"""One cost charged to one player beside the adversarial loss.

Three instances: R1 charges a discriminator for its slope at real data (Mescheder et al. 2018), L1 charges a generator
for its distance from the target (Isola et al. 2017), path length for an uneven response (Karras et al. 2020).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ganlab.interfaces.component import Component
from ganlab.interfaces.turn import Turn

if TYPE_CHECKING:
    from torch import Tensor


class Term(Component, ABC):
    """Its weight, cadence and player are the recipe's; its own options are the constructor's."""

    @abstractmethod
    def cost(self, turn: Turn) -> Tensor:
        """The unweighted cost, (N,) or scalar; the engine takes the mean."""
