"""One number for a setting that was played with several seeds: its mean and, on top, its spread.

Of two settings as good in the mean, the one to rely on wins. A seed that collapsed counts as what it had come to, one
that diverged as the worst that was measured in its run: the value stays finite, and says how bad it was.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ganlab.assemble.history import History, of_ours
from ganlab.assemble.judging import spells
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import RecipeError, nearest
from ganlab.validation import short
from ganlab.values import Ending

LAST = 0.2
"""The share of a run's ticks at its end whose median is its value: one tick is a draw of luck."""

WORST = 1e6
"""The value of a run in which nothing finite was ever measured."""

DEAD = (Ending.STOPPED, Ending.DIVERGED)


@dataclass(frozen=True)
class SeedResult:
    """How one seed ended: `dead` if it was stopped by a finding, diverged, or was sick at its end, with the `reason`;
    `unhealthy` is the share of its ticks at which a critical finding stood."""

    seed: int
    ending: str
    value: float
    dead: bool
    reason: str
    unhealthy: float
    kimg: float
    seconds: float

    @classmethod
    def of(cls, seed: int, directory: RunDirectory, objective: str) -> SeedResult:
        """What the run in that directory came to, which has ended."""
        outcome = directory.outcome() or {}
        ending = str(outcome.get("ending"))
        history = of_ours(directory.name, directory.path, None)
        standing = [each.finding for each in spells(history.findings) if each.critical and each.stands]
        ended = str(outcome.get("sentence", "")) if ending in DEAD else ""
        reason = ended or next((f"{each.monitor}: {each.sentence}" for each in standing), "")
        dead = bool(reason) and ending in (Ending.FINISHED, *DEAD)
        try:
            reached = (worst if ending == Ending.DIVERGED else value)(history, objective)
        except RecipeError:
            if not dead:
                raise
            reached = WORST  # it died before the objective was measured
        return cls(
            seed=seed,
            ending=ending,
            value=reached,
            dead=dead,
            reason=reason if dead else "",
            unhealthy=unhealthy(history),
            kimg=float(outcome.get("kimg", 0.0)),
            seconds=float(outcome.get("seconds", 0.0)),
        )


def course(history: History, objective: str) -> list[tuple[float, float]]:
    """kimg and value of the objective, less is better; what is not finite is left out."""
    name, sign = measurement(objective, history.names())
    points = [(moment.at, sign * found) for moment, found in history.course(name)]
    return [(at, found) for at, found in points if math.isfinite(found)]


def measurement(objective: str, names: Sequence[str]) -> tuple[str, float]:
    """The one measurement that the objective names, without its network if it is the only one, and the sign that makes
    less better. Raises `RecipeError`."""
    wanted = objective.removeprefix("-")
    sign = -1.0 if objective.startswith("-") else 1.0
    if wanted in names:
        return wanted, sign
    stems = [name.partition("@")[0] for name in names]
    close = [name for name, stem in zip(names, stems, strict=True) if stem == wanted]
    if len(close) == 1:
        return close[0], sign
    if close:
        raise RecipeError(f"objective '{short(wanted)}' is measured more than once: {', '.join(close)}; give one whole")
    raise RecipeError(
        f"no diagnostic of the recipe measures the objective '{short(wanted)}'.{nearest(wanted, stems)} "
        f"Measured are: {short(', '.join(names), 600)}"
    )


def measuring(objective: str, diagnostics: Iterable[str]) -> str | None:
    """The diagnostic after which the objective is called: `frechet` for `frechet-excess@flatten`."""
    stem = objective.removeprefix("-").partition("@")[0].partition("/")[0]
    return max((name for name in diagnostics if f"{stem}-".startswith(f"{name}-")), key=len, default=None)


def is_measured(directory: RunDirectory, objective: str, diagnostics: Iterable[str]) -> bool:
    """True if the run in that directory has measured the objective. Raises `RecipeError` if it has measured something,
    and what it lacks is not to be expected of its diagnostics: all are asked at the first tick, some answer later."""
    history = of_ours(directory.name, directory.path, None)
    if not history.moments:
        return False
    try:
        measurement(objective, history.names())
    except RecipeError:
        if measuring(objective, diagnostics) is None:
            raise
        return False
    return True


def value(history: History, objective: str) -> float:
    """The median over the last ticks."""
    points = course(history, objective)
    if not points:
        return WORST
    return statistics.median(found for _, found in points[-max(1, round(LAST * len(points))) :])


def worst(history: History, objective: str) -> float:
    """The largest that was measured."""
    return max((found for _, found in course(history, objective)), default=WORST)


def unhealthy(history: History) -> float:
    """The share of ticks at which a critical finding stood."""
    standing = [each for each in spells(history.findings) if each.critical]
    sick = [moment for moment in history.moments if any(each.holds(moment.at) for each in standing)]
    return len(sick) / len(history.moments) if history.moments else 0.0


def score(values: Sequence[float]) -> float:
    """Mean and one standard deviation; of a single seed its value."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.fmean(values) + spread


def record(result: SeedResult) -> dict[str, Any]:
    """As JSON knows it."""
    return dict(vars(result))
