"""How far a study is and what it has found: the same for its table, its JSON and its report."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ganlab.tune.plan import Plan
from ganlab.tune.result import COMPLETE, INVALID, PRUNED
from ganlab.tune.trial import BASELINE

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

RETRIED = "retried"
"""The state of a trial whose worker died, and which was begun again under another number."""


@dataclass(frozen=True)
class Row:
    """One trial. `state` is a `TrialResult`'s, or "running", "waiting" or "retried"; `saved` the seconds that giving it
    up has saved."""

    number: int
    state: str
    score: float | None
    settings: dict[str, Any]
    seeds: int
    dead: int
    reason: str
    seconds: float
    kimg: float
    saved: float
    feasible: bool
    baseline: bool
    values: tuple[float, ...]
    params: dict[str, Any]
    commands: tuple[str, ...]
    directory: str


@dataclass(frozen=True)
class Standing:
    """All rows, by number."""

    plan: Plan
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, plan: Plan, trials: Sequence[FrozenTrial], budget: float) -> Standing:
        """The study's standing. `budget` is what one run is shown, in kimg."""
        paces = [pace for each in trials if (pace := _pace(each)) is not None]
        usual = statistics.median(paces) if paces else 0.0
        return cls(plan, tuple(_row(each, plan, budget, usual) for each in trials))

    def having(self, *states: str) -> list[Row]:
        """The rows in one of these states."""
        return [row for row in self.rows if row.state in states]

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
        states = {row.state for row in self.rows}
        return {
            "study": self.plan.name,
            "recipe": self.plan.recipe_name,
            "objective": self.plan.objective,
            "trials": self.plan.trials,
            "seeds": self.plan.seeds,
            "states": {state: len(self.having(state)) for state in sorted(states)},
            "best": None if best is None else vars(best),
            "baseline": None if baseline is None else vars(baseline),
            "seconds": round(self.seconds, 1),
            "seconds_saved": round(self.saved, 1),
            "rows": [vars(row) for row in self.rows],
        }


def _row(trial: FrozenTrial, plan: Plan, budget: float, usual: float) -> Row:
    told = trial.user_attrs
    state = _state(trial)
    seeds = told.get("seeds", ()) if state not in ("running", "waiting", RETRIED) else ()
    kimg, seconds = float(told.get("kimg", 0.0)), float(told.get("seconds", 0.0))
    left = max(0.0, budget * plan.seeds - kimg)
    return Row(
        number=trial.number,
        state=state,
        score=told.get("score"),
        settings=dict(told.get("settings", {})),
        seeds=len(seeds),
        dead=sum(bool(each["dead"]) for each in seeds),
        reason=str(told.get("reason", "")),
        seconds=seconds,
        kimg=kimg,
        saved=left * (_pace(trial) or usual) if state == PRUNED else 0.0,
        feasible=all(amount <= 0 for amount in trial.constraints.values()),
        baseline=told.get("origin") == BASELINE,
        values=tuple(float(each["value"]) for each in seeds),
        params=dict(trial.params),
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
    return str(trial.user_attrs.get("state", RETRIED))


def _pace(trial: FrozenTrial) -> float | None:
    """Seconds that one kimg took."""
    kimg, seconds = trial.user_attrs.get("kimg"), trial.user_attrs.get("seconds")
    return float(seconds) / float(kimg) if kimg and seconds else None
