"""Whether the best setting holds: it is played once more, with seeds that had no part in its being chosen.

Of many settings the one that comes out best was also the luckiest. What dies on fresh seeds is no longer the best, and
the next one has its turn; so it has if it was better than the first has now proved to be. If none is left, one has it
that was given up only since others were better.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from ganlab.tune import storage
from ganlab.tune.plan import Plan
from ganlab.tune.result import COMPLETE, CONFIRMATION
from ganlab.tune.standing import Standing

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial


def wanted(plan: Plan, trials: Sequence[FrozenTrial]) -> FrozenTrial | None:
    """The trial whose setting is to be played again; None if there is none, or it has been."""
    if not plan.fresh_seeds:
        return None
    now = Standing.of(plan, trials, 0.0)
    return trials[now.leading.number] if now.leading is not None and now.confirmation is None else None


def enqueue(study: optuna.Study, trial: FrozenTrial) -> None:
    """Let it be played again."""
    origin = f"{CONFIRMATION}{trial.user_attrs['directory']}"
    storage.patient(partial(study.enqueue_trial, dict(trial.params), user_attrs={"origin": origin}))


def held(now: Standing) -> list[str]:
    """How the best setting did with fresh seeds, and which did not hold, in lines."""
    if now.best is None or not now.plan.fresh_seeds:
        return []
    again = now.confirmation
    told = [f"trial {row.number} was better, and did not hold with fresh seeds" for row in now.refuted]
    told += [
        f"trial {row.number} was better, and came to {again.score:.4g} with fresh seeds" for row, again in now.overrated
    ]
    if again is None or again.state != COMPLETE or again.score is None:
        return [*told, "it has not been played with fresh seeds yet"]
    return [
        *told,
        f"with {again.seeds} fresh seeds: {now.plan.objective} {again.score:.4g}, {again.dead or 'none'} dead",
    ]
