"""When a condition is a trouble, and when the trouble is over: both only after some ticks in a row.

One bad tick is noise, and one good tick is no recovery. A monitor tells at every tick at which it could measure whether
its condition holds; here is counted for how long, for each subject apart: a player, a view, a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from pydantic import Field as Option

Patience = Annotated[int, Option(ge=1, le=1_000_000)]


class Change(Enum):
    """What has just changed for a subject."""

    BEGAN = "began"
    ENDED = "ended"


@dataclass
class _Count:
    """Ticks in a row that speak against what stands, and the kimg of the first of them."""

    stands: bool = False
    against: int = 0
    since: float = 0.0
    began: float = 0.0


class Lasting:
    """Troubles by subject; one begins, and ends, after `patience` ticks in a row."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._counts: dict[str, _Count] = {}

    def hear(self, holds: bool, kimg: float, subject: str = "") -> Change | None:
        """Whether the condition holds at this tick. Returns what that changes: often nothing."""
        count = self._counts.setdefault(subject, _Count())
        if holds is count.stands:
            count.against = 0
            return None
        count.since = kimg if count.against == 0 else count.since
        count.against += 1
        if count.against < self._patience:
            return None
        count.stands, count.against = holds, 0
        if holds:
            count.began = count.since
        return Change.BEGAN if holds else Change.ENDED

    def stands(self, subject: str = "") -> bool:
        """True from when a trouble was known until it is over."""
        return subject in self._counts and self._counts[subject].stands

    def waits(self, subject: str = "") -> bool:
        """True if the condition holds and is no trouble yet, or no longer holds and the trouble is not over yet."""
        return subject in self._counts and self._counts[subject].against > 0

    def began(self, subject: str = "") -> float:
        """The kimg at which the last trouble began: the first tick of those in a row."""
        return self._counts[subject].began

    def standing(self) -> Iterator[str]:
        """The subjects in trouble."""
        return (subject for subject, count in self._counts.items() if count.stands)

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {name: [each.stands, each.against, each.since, each.began] for name, each in self._counts.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` returned."""
        self._counts = {
            str(name): _Count(bool(stands), int(against), float(since), float(began))
            for name, (stands, against, since, began) in state.items()
        }
