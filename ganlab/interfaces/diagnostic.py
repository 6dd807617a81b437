"""Turns the game into numbers, and never judges.

Three instances: coverage of held-out real data, the share of real samples a discriminator calls real, the number of
modes of a mixture that the generator reaches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from ganlab.interfaces.component import Component
from ganlab.interfaces.features import FeatureChoice
from ganlab.interfaces.look import Look


class Diagnostic(Component, ABC):
    """Asked at ticks. Must not change anything it sees."""

    features: FeatureChoice | None = None
    """The feature network it measures in, as its option `features` names it; None if it needs none."""

    @abstractmethod
    def measure(self, look: Look) -> Mapping[str, float]:
        """Numbers by name. A name says what was measured and, after '@', in which feature network."""
