"""A random change of what discriminators are shown, real and fake alike.

Three instances: DiffAugment (Zhao et al. 2020), ADA's pipeline with its probability (Karras et al. 2020), a pool of
past fakes (Shrivastava et al. 2017), which changes the fake side only and remembers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from ganlab.interfaces.component import Component
from ganlab.interfaces.random import Random
from ganlab.values import Side, View


class Augmentation(Component, ABC):
    """Differentiable with respect to `View.data`, so that the generator learns through it."""

    probability: float = 1.0
    """How often it acts on a sample, 0..1; an intervention may set it."""

    @abstractmethod
    def augment(self, view: View, side: Side, random: Random) -> View:
        """The changed view. `random.rows` is the number of rows of `view.data`. A condition that shows the same
        picture (`View.given`) moves with the data; one that is not a picture stays."""
