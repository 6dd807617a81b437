"""Turns numbers into sentences, and never touches.

Three instances: coverage fell below two thirds of its best; a number is not finite; a discriminator has won.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from ganlab.interfaces.component import Component
from ganlab.values import Finding, Progress


class Monitor(Component, ABC):
    """Sees every tick's measurements in order, and keeps what it needs of them as state."""

    @abstractmethod
    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        """What is to be said now; the same trouble is said once, when it begins."""
