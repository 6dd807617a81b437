"""Turns the game into numbers, and never judges.

Three instances: coverage of held-out real data, the share of real samples a discriminator calls real, the number of
modes of a mixture that the generator reaches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from ganlab.interfaces.component import Component
from ganlab.interfaces.look import Look


class Diagnostic(Component, ABC):
    """Asked at ticks. Must not change anything it sees."""

    @abstractmethod
    def measure(self, look: Look) -> Mapping[str, float]:
        """Numbers by name. A name says what was measured and, after '@', in which feature network."""
