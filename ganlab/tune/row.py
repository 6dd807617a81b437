"""One trial of a study, as its table, its JSON and its report tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganlab.tune.giving_up import collapsed
from ganlab.tune.plan import Plan
from ganlab.tune.result import BASELINE, COMPLETE, CONFIRMATION, FAILED, INVALID, PRUNED
from ganlab.tune.score import SeedResult
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
    origin: str
    params: dict[str, Any]
    distributions: Mapping[str, BaseDistribution]
    commands: tuple[str, ...]
    directory: str

    @property
    def seeds(self) -> int:
        """How many were played, to their end or not."""
        return len(self.results)

    @property
    def baseline(self) -> bool:
        """True if it is the recipe as it is."""
        return self.origin == BASELINE

    @property
    def again(self) -> bool:
        """True if it plays another one's setting with fresh seeds."""
        return self.origin.startswith(CONFIRMATION)

    @property
    def dead(self) -> int:
        """How many collapsed or diverged."""
        return sum(each.dead for each in self.results)

    def told(self) -> dict[str, Any]:
        """As JSON knows it."""
        told = {name: value for name, value in vars(self).items() if name != "distributions"}
        counts = {"seeds": self.seeds, "dead": self.dead, "baseline": self.baseline}
        return {**told, **counts, "results": [vars(each) for each in self.results]}


def row_of(trial: FrozenTrial, plan: Plan, budget: float, usual: float) -> Row:
    """The row of a trial. `budget` is what one run is shown, in kimg; `usual` the seconds that a kimg takes, if that is
    not known of this trial."""
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
        saved=left * (pace(trial) or usual) if state == PRUNED else 0.0,
        feasible=all(amount <= 0 for amount in trial.constraints.values()),
        origin=str(told.get("origin", "")),
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
    return "worse over seeds" if whole else "behind at a rung"


def pace(trial: FrozenTrial) -> float | None:
    """Seconds that one kimg took."""
    kimg, seconds = trial.user_attrs.get("kimg"), trial.user_attrs.get("seconds")
    return float(seconds) / float(kimg) if kimg and seconds else None
