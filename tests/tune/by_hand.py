"""Studies whose trials nobody has played: each as a worker would have told it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, distribution_to_json

from ganlab.tune import storage
from ganlab.tune.giving_up import collapsed, constraints
from ganlab.tune.plan import Plan
from ganlab.tune.ranges import Range, Ranges
from ganlab.tune.result import BASELINE, COMPLETE, PRUNED, TrialResult, scored
from ganlab.tune.score import SeedResult
from ganlab.tune.standing import Standing
from tests.cli.conftest import RING

BUDGET = 10.0
RATE = "players.generator.optimizer.lr"

RECIPE = RING.replace("budget_kimg = 2.56", "budget_kimg = 10")

PLAN = Plan(
    name="by-hand",
    recipe=RECIPE,
    recipe_name="ring",
    space=Ranges((Range(RATE, 1e-5, 1e-1, log=True),)),
    seeds=2,
    trials=12,
    fresh_seeds=0,
    rungs=(0.5,),
)

LOG = FloatDistribution(1e-5, 1e-1, log=True)


def healthy(seed: int, value: float, sick: float = 0.0) -> SeedResult:
    return SeedResult(seed, "finished", value, False, "", sick, BUDGET, 5.0)


def dead(seed: int, value: float = 3.0, reason: str = "lost-coverage: the generator has collapsed") -> SeedResult:
    return SeedResult(seed, "stopped", value, True, reason, 0.5, BUDGET / 2, 2.0)


def behind(seed: int, value: float) -> SeedResult:
    return SeedResult(seed, "terminated", value, False, "", 0.0, BUDGET / 2, 2.5)


def trial(
    *seeds: SeedResult,
    params: Mapping[str, Any] | None = None,
    distributions: Mapping[str, BaseDistribution] | None = None,
    plan: Plan = PLAN,
    settings: Mapping[str, Any] | None = None,
    reason: str = "",
    baseline: bool = False,
    **changes: Any,
) -> optuna.trial.FrozenTrial:
    """One that was played so far; given up if it was not played with all seeds, or died."""
    params = {RATE: 1e-3} if params is None else params
    ranges = {RATE: LOG} if distributions is None else distributions
    died = collapsed(seeds, plan.tolerance, plan.seeds)
    whole = len(seeds) == plan.seeds and died is None
    result = TrialResult(
        state=COMPLETE if whole else PRUNED,
        reason=reason or died or "",
        value=scored(seeds),
        constraints=constraints(seeds, plan.tolerance, plan.seeds),
        settings=params if settings is None else settings,
        seeds=tuple(seeds),
        commands=tuple(f"ganlab run recipe.toml --set seed={each.seed}" for each in seeds),
        params=params,
        distributions={name: distribution_to_json(each) for name, each in ranges.items()},
    )
    origin = {"origin": BASELINE} if baseline else {}
    return replace(result, **changes).frozen({"directory": "0000", **origin})


def study_of(trials: Sequence[optuna.trial.FrozenTrial]) -> optuna.Study:
    with storage.quiet():
        study = optuna.create_study()
        study.add_trials(trials)
    return study


def standing_of(*trials: optuna.trial.FrozenTrial, plan: Plan = PLAN) -> Standing:
    return Standing.of(plan, study_of(trials).get_trials(), BUDGET)
