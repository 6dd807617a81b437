"""What is usual for a number in this run: the median of its last values while all was well.

Gradients of 0.1 and of 100 are both healthy, each in its own game, so a number is judged by its own past.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping
from typing import Any

KEPT = 15
"""So many values: long enough that a few wild ones do not move the median."""

ENOUGH = 5
"""With fewer, nothing is usual yet."""


class Usual:
    """The last values of each number."""

    def __init__(self) -> None:
        self._values: dict[str, deque[float]] = {}

    def of(self, name: str) -> float | None:
        """The median of the last values; None while there are too few."""
        values = self._values.get(name, ())
        return statistics.median(values) if len(values) >= ENOUGH else None

    def add(self, name: str, value: float) -> None:
        """One more value, which the caller believes to be a healthy one."""
        self._values.setdefault(name, deque(maxlen=KEPT)).append(value)

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {name: list(values) for name, values in self._values.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self._values = {str(name): deque(map(float, values), maxlen=KEPT) for name, values in state.items()}
