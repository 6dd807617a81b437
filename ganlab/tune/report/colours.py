"""One colour for each score that was reached with all seeds, from the best to the worst by rank, so that one that is
far off takes no colour from the others."""

from __future__ import annotations

from collections.abc import Sequence

from ganlab.tune.result import COMPLETE
from ganlab.tune.row import Row

STOPS = ((0, 158, 115), (68, 119, 204), (190, 130, 220))
"""Green, blue and violet: to be seen on white and on black, and apart from the red of what is dead."""


class Colours:
    """For the rows of a study."""

    def __init__(self, rows: Sequence[Row]) -> None:
        ranked = sorted((row for row in rows if row.state == COMPLETE), key=lambda row: row.score or 0.0)
        self._places = {row.number: place / max(1, len(ranked) - 1) for place, row in enumerate(ranked)}

    def of(self, row: Row) -> str:
        """As CSS writes it."""
        return shade(self._places[row.number])


def shade(place: float) -> str:
    """From 0, the best, to 1."""
    at = place * (len(STOPS) - 1)
    first = min(int(at), len(STOPS) - 2)
    pairs = zip(STOPS[first], STOPS[first + 1], strict=True)
    return "#" + "".join(f"{round(low + (high - low) * (at - first)):02x}" for low, high in pairs)
