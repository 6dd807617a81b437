"""What is tried next: a Gaussian process over all that has been played, what was given up early too.

Optuna's own process learns from completed trials alone. A study of ganlab ends most of its trials early, and knows of
each how bad it was, so they are all laid before the process, on a scale that tells good settings apart and not how bad
the bad ones are.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from ganlab.tune import storage

FEWEST = 5
"""So many trials, and more than there are parameters, are drawn at random before the process is asked."""

MOST = 300
"""Beyond so many, the process takes too long, and Optuna's tree of Parzen estimators is asked."""


ALIKE = 0.01
"""What differs by so small a share of each range from what was tried is not tried again: Parzen estimators are asked,
for a process that comes back to a place would do so for ever."""


class Sampler(BaseSampler):
    """Parameters that all trials share come from the process; others, such as those of a loss that only some try, from
    Parzen estimators. What others play just now counts as no better than the usual, so that workers do not play the
    same."""

    def __init__(self, seed: int) -> None:
        self._process = GPSampler(seed=seed, n_startup_trials=0, deterministic_objective=False)
        self._parzen = TPESampler(seed=seed, group=True)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return _shared(_known(study)) or self._parzen.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        known = _known(study)
        if not search_space or search_space != _shared(known):
            return self._parzen.sample_relative(study, trial, search_space)
        known = [each for each in known if search_space.keys() <= each.params.keys()]
        found = self._proposed(known, search_space)
        if any(_alike(found, each.params, search_space) for each in known):
            groups = self._parzen.infer_relative_search_space(study, trial)
            other = self._parzen.sample_relative(study, trial, groups)
            return {name: other[name] for name in search_space if name in other}
        return found

    def _proposed(self, known: Sequence[FrozenTrial], search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        with storage.quiet():
            shown = optuna.create_study(sampler=self._process)
            for each, value in zip(known, worths(known), strict=True):
                params = {name: each.params[name] for name in search_space}
                shown.add_trial(optuna.create_trial(params=params, distributions=search_space, value=value))
            return dict(shown.ask(search_space).params)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._parzen.sample_independent(study, trial, param_name, param_distribution)


def sampler(seed: int, worker: int, before: int) -> Sampler:
    """One for each trial, so that what it draws follows from the study's seed, the worker, and the trials before."""
    with storage.quiet():
        return Sampler(zlib.crc32(f"{seed} {worker} {before}".encode()))


def worths(trials: Sequence[FrozenTrial]) -> list[float]:
    """What each trial is worth to a process, less is better: log(1 + distance from the best), the best quarter spread
    over log 2. What did not keep what it must, and what is being played, counts at least as the middle one."""
    scores = [_score(each) for each in trials]
    known = sorted(each for each in scores if each is not None)
    if not known:
        return [0.0] * len(trials)
    best, middle = known[0], known[len(known) // 2]
    quarter = known[len(known) // 4] - best or middle - best or 1.0
    values = [
        middle if score is None else score if _sound(trial) else max(score, middle)
        for trial, score in zip(trials, scores, strict=True)
    ]
    return [math.log1p((each - best) / quarter) for each in values]


def _known(study: optuna.Study) -> list[FrozenTrial]:
    """Trials with parameters that have come to something, or are being played."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    trials = storage.patient(lambda: study.get_trials(deepcopy=False, states=states))
    return [each for each in trials if each.params and (each.state is TrialState.RUNNING or _score(each) is not None)]


def _shared(known: Sequence[FrozenTrial]) -> dict[str, BaseDistribution]:
    """Parameters that all of them have; none if the process is not to be asked."""
    found = optuna.search_space.intersection_search_space(list(known), include_pruned=True)
    shared = {name: each for name, each in found.items() if not each.single()}
    return shared if max(FEWEST, len(shared) + 1) <= len(known) <= MOST else {}


def _alike(one: Mapping[str, Any], other: Mapping[str, Any], ranges: Mapping[str, BaseDistribution]) -> bool:
    """True if they are the same but for `ALIKE` of each range."""
    return all(abs(_place(one[name], each) - _place(other[name], each)) <= ALIKE for name, each in ranges.items())


def _place(value: Any, within: BaseDistribution) -> float:
    """Where in its range a value lies, from 0 to 1; choices are 1 apart."""
    if not isinstance(within, FloatDistribution | IntDistribution):
        return float(within.to_internal_repr(value))
    low, high, at = float(within.low), float(within.high), float(value)
    if within.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return (at - low) / (high - low)


def _score(trial: FrozenTrial) -> float | None:
    score = trial.user_attrs.get("score")
    return None if score is None else float(score)


def _sound(trial: FrozenTrial) -> bool:
    return all(amount <= 0 for amount in trial.constraints.values())
