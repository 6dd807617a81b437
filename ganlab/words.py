"""Times as a person reads them."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """1:20, 2:03:05, 3 d 04:10; a question mark where that is not known."""
    if not math.isfinite(seconds):
        return "?"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24} d {hours % 24:02d}:{minutes:02d}"
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
