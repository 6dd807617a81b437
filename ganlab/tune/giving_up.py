"""When a trial is given up before all its seeds are played."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ganlab.assemble.history import of_ours
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import RecipeError
from ganlab.tune.result import is_confirmation
from ganlab.tune.score import SeedResult, course, measurement

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

FEWEST = 4
"""So many must have come to a rung before one is given up there."""

SICK = 0.1
"""A setting is not to be relied on if its runs are sick for more than this share of their time."""


def rung_key(rung: float) -> str:
    """Where a trial keeps its value at a rung."""
    return f"rung {rung:g}"


def rung_values(directory: RunDirectory, objective: str, rungs: Sequence[float], budget: float) -> dict[float, float]:
    """The objective at every rung that the run has passed: the first value from there on."""
    history = of_ours(directory.name, directory.path, budget)
    try:
        points = course(history, objective)
    except RecipeError:
        if any(each.at >= budget * min(rungs) for each in history.moments):
            measurement(objective, history.names())
        return {}
    found = {}
    for rung in rungs:
        value = next((value for at, value in points if at >= rung * budget), None)
        if value is not None:
            found[rung] = value
    return found


def falls_behind(value: float, others: Sequence[float], place: int) -> bool:
    """True if it is not among those that go on from the rung at that `place`: from the first the best half of all, from
    the second the best third, and so on (after successive halving, Jamieson & Talwalkar 2016).

    `others` are all that were begun before and have come to the rung or will never: what died early is behind, too, so
    that where much dies the rest is not thinned out.
    """
    ranked = sorted([*others, value])
    return len(ranked) >= FEWEST and value > ranked[math.ceil(len(ranked) / (place + 2)) - 1]


def others_at(study: optuna.Study, number: int, rung: float) -> list[float]:
    """The values of the other trials there; infinity for one that ended before."""
    trials = [each for each in study.get_trials(deepcopy=False) if each.number != number and not is_confirmation(each)]
    known = [each for each in trials if rung_key(rung) in each.user_attrs or "state" in each.user_attrs]
    return [float(each.user_attrs.get(rung_key(rung), math.inf)) for each in known]


def hopeless(trials: Sequence[FrozenTrial], results: Sequence[SeedResult]) -> int | None:
    """The best trial, if this one is hardly going to be better: its seeds so far have done worse in the mean than that
    one's; None if it may be."""
    whole = [each for each in trials if each.state.name == "COMPLETE" and not is_confirmation(each)]
    sound = [each for each in whole if all(amount <= 0 for amount in each.constraints.values())]
    if not sound:
        return None
    best = min(sound, key=lambda each: float(each.user_attrs["score"]))
    usual = statistics.fmean(float(each["value"]) for each in best.user_attrs["seeds"])
    return best.number if statistics.fmean(each.value for each in results) > usual else None


def collapsed(results: Sequence[SeedResult], tolerance: float, seeds: int) -> str | None:
    """Why too many seeds have collapsed or diverged; None if they have not."""
    dead = [each for each in results if each.dead]
    if len(dead) <= tolerance * seeds:
        return None
    return f"seed {dead[-1].seed}: {dead[-1].reason}"


def constraints(results: Sequence[SeedResult], tolerance: float, seeds: int) -> dict[str, float]:
    """What must not be above 0: the share of seeds that died over what is tolerated, and the share of time in which a
    critical finding stood over what is."""
    dead = sum(each.dead for each in results) / seeds
    sick = sum(each.unhealthy for each in results) / len(results) if results else 0.0
    return {"collapsed": dead - tolerance, "unhealthy": sick - SICK}
