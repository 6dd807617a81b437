"""Which player a finding is about, and whether one may still be moved: what interventions on learning rates share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field as Option

from ganlab import Finding

Factor = Annotated[float, Option(gt=0, le=100, allow_inf_nan=False)]
Positive = Annotated[float, Option(gt=0, le=1e12, allow_inf_nan=False)]
Probability = Annotated[float, Option(ge=0, le=1, allow_inf_nan=False)]

RATE = "learning-rate/"
SPEED = "update-ratio/"


def rates(measurements: Mapping[str, float]) -> dict[str, float]:
    """The learning rate of every player."""
    return {name.removeprefix(RATE): value for name, value in measurements.items() if name.startswith(RATE)}


def players_at_fault(findings: tuple[Finding, ...], measurements: Mapping[str, float]) -> list[str]:
    """The players the findings are about, each once: the subject, or the view's judge where it is a view; of a
    collapse, the player that moved farthest beyond its usual step, where the finding says so."""
    known = rates(measurements)
    about = []
    for finding in findings:
        fast = {name.removeprefix(SPEED): value for name, value in finding.evidence.items() if name.startswith(SPEED)}
        about += [finding.subject.partition("/")[0], *sorted(fast, key=lambda player: -fast[player])[:1]]
    return list(dict.fromkeys(player for player in about if player in known))


def within(value: float, least: float | None, most: float | None) -> bool:
    """True if the value lies between the bounds that are given; NaN does not."""
    return value == value and (least is None or value >= least) and (most is None or value <= most)
