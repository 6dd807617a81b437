"""How far a study is and what it has found: the same for its table, its JSON and its report."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ganlab.tune.giving_up import collapsed
from ganlab.tune.plan import Plan
from ganlab.tune.result import COMPLETE, FAILED, INVALID, PRUNED
from ganlab.tune.score import SeedResult
from ganlab.tune.trial import BASELINE
from ganlab.values import Ending

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

RETRIED = "retried"
"""The state of a trial whose worker died, and which was begun again under another number."""

STATES = (COMPLETE, PRUNED, FAILED, INVALID, "running", "waiting", RETRIED)


@dataclass(frozen=True)
class Row:
    """One trial. `state` is a `TrialResult`'s, or "running", "waiting" or "retried"; `cause` the kind of `reason` for
    which it was given up, and `saved` the seconds which that has saved."""

    number: int
    state: str
    score: float | None
    settings: dict[str, Any]
    results: tuple[SeedResult, ...]
    reason: str
    cause: str
    seconds: float
    kimg: float
    saved: float
    feasible: bool
    baseline: bool
    params: dict[str, Any]
    distributions: Mapping[str, BaseDistribution]
    commands: tuple[str, ...]
    directory: str

    @property
    def seeds(self) -> int:
        """How many were played, to their end or not."""
        return len(self.results)

    @property
    def dead(self) -> int:
        """How many collapsed or diverged."""
        return sum(each.dead for each in self.results)

    def told(self) -> dict[str, Any]:
        """As JSON knows it."""
        told = {name: value for name, value in vars(self).items() if name != "distributions"}
        return {**told, "seeds": self.seeds, "dead": self.dead, "results": [vars(each) for each in self.results]}


@dataclass(frozen=True)
class Standing:
    """All rows, by number."""

    plan: Plan
    budget: float
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, plan: Plan, trials: Sequence[FrozenTrial], budget: float) -> Standing:
        """The study's standing. `budget` is what one run is shown, in kimg."""
        paces = [pace for each in trials if (pace := _pace(each)) is not None]
        usual = statistics.median(paces) if paces else 0.0
        return cls(plan, budget, tuple(_row(each, plan, budget, usual) for each in trials))

    def having(self, *states: str) -> list[Row]:
        """The rows in one of these states."""
        return [row for row in self.rows if row.state in states]

    @property
    def states(self) -> dict[str, int]:
        """How many are in each state."""
        counts = {state: len(self.having(state)) for state in STATES}
        return {state: count for state, count in counts.items() if count}

    @cached_property
    def best(self) -> Row | None:
        """The best setting that was played with all seeds and keeps what it must."""
        return min(
            (row for row in self.having(COMPLETE) if row.feasible), key=lambda row: row.score or 0.0, default=None
        )

    @cached_property
    def baseline(self) -> Row | None:
        """The recipe as it is, once it has been played."""
        return next((row for row in self.having(COMPLETE, PRUNED) if row.baseline), None)

    @property
    def seconds(self) -> float:
        """What was trained."""
        return sum(row.seconds for row in self.rows)

    @property
    def saved(self) -> float:
        """What was not."""
        return sum(row.saved for row in self.rows)

    def told(self) -> dict[str, Any]:
        """As JSON knows it."""
        best, baseline = self.best, self.baseline
        return {
            "study": self.plan.name,
            "recipe": self.plan.recipe_name,
            "objective": self.plan.objective,
            "trials": self.plan.trials,
            "seeds": self.plan.seeds,
            "states": self.states,
            "best": None if best is None else best.told(),
            "baseline": None if baseline is None else baseline.told(),
            "seconds": round(self.seconds, 1),
            "seconds_saved": round(self.saved, 1),
            "rows": [row.told() for row in self.rows],
        }


def _row(trial: FrozenTrial, plan: Plan, budget: float, usual: float) -> Row:
    told = trial.user_attrs
    state = _state(trial)
    kept = told.get("seeds", ()) if state not in ("running", "waiting", RETRIED) else ()
    results = tuple(SeedResult(**each) for each in kept)
    kimg, seconds = float(told.get("kimg", 0.0)), float(told.get("seconds", 0.0))
    left = max(0.0, budget * plan.seeds - kimg)
    return Row(
        number=trial.number,
        state=state,
        score=told.get("score"),
        settings=dict(told.get("settings", {})),
        results=results,
        reason=str(told.get("reason", "")),
        cause=_cause(results, plan) if state == PRUNED else "",
        seconds=seconds,
        kimg=kimg,
        saved=left * (_pace(trial) or usual) if state == PRUNED else 0.0,
        feasible=all(amount <= 0 for amount in trial.constraints.values()),
        baseline=told.get("origin") == BASELINE,
        params=dict(trial.params),
        distributions=trial.distributions,
        commands=tuple(told.get("commands", ())),
        directory=str(told.get("directory", "")),
    )


def _state(trial: FrozenTrial) -> str:
    from optuna.trial import TrialState

    if trial.state is TrialState.RUNNING:
        return "running"
    if trial.state is TrialState.WAITING:
        return "waiting"
    if trial.state is TrialState.COMPLETE:
        return COMPLETE
    if trial.state is TrialState.PRUNED:
        return INVALID if trial.user_attrs.get("state") == INVALID else PRUNED
    return FAILED if trial.user_attrs.get("state") == FAILED else RETRIED


def _cause(results: Sequence[SeedResult], plan: Plan) -> str:
    """The monitor that ended it, or which comparison with others."""
    if collapsed(results, plan.tolerance, plan.seeds) is not None:
        last = [each for each in results if each.dead][-1]
        return last.reason.partition(":")[0] if last.ending == Ending.STOPPED else str(Ending.DIVERGED)
    whole = all(each.dead or each.ending == Ending.FINISHED for each in results)
    return "probably worse over seeds" if whole else "behind at a rung"


def _pace(trial: FrozenTrial) -> float | None:
    """Seconds that one kimg took."""
    kimg, seconds = trial.user_attrs.get("kimg"), trial.user_attrs.get("seconds")
    return float(seconds) / float(kimg) if kimg and seconds else None
