"""Answers a finding with an action, which the engine carries out.

Three instances: raise a stale discriminator's learning rate, raise an augmentation's probability, stop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from ganlab.interfaces.component import Component
from ganlab.values import Action, Finding, Progress


class Intervention(Component, ABC):
    """Acts only in runs whose recipe names it."""

    @abstractmethod
    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        """Actions for this tick, often none."""
