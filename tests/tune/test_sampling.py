"""What is tried next, of what has been played to its end and what was given up."""

from __future__ import annotations

import math
import statistics

import optuna
import pytest
from optuna.trial import TrialState

from ganlab.tune.sampling import MOST, sampler, worths


def score(rate: float, ratio: float) -> float:
    """Least, 0.01, at a rate of 1e-3 and a ratio of 4."""
    return 0.01 * math.exp(2 * abs(math.log10(rate) + 3) + 2 * abs(math.log(ratio / 4)))


def searched(seed: int, trials: int = 20) -> list[float]:
    """The scores of a study; what is above 0.05 is given up, but known."""
    study = optuna.create_study()
    found = []
    for number in range(trials):
        study.sampler = sampler(seed, 0, number)
        trial = study.ask()
        rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
        found.append(score(rate, trial.suggest_float("ratio", 0.05, 50, log=True)))
        trial.set_user_attr("score", found[-1])
        study.tell(trial, None if found[-1] > 0.05 else found[-1], TrialState.PRUNED if found[-1] > 0.05 else None)
    return found


def test_it_learns_from_what_was_given_up() -> None:
    late = [score for seed in range(3) for score in searched(seed)[12:]]
    early = [score for seed in range(3) for score in searched(seed, 5)]
    assert statistics.median(late) < 0.2 * statistics.median(early)
    assert min(late) < 0.02


def test_what_it_draws_follows_from_the_seed_and_what_was_played() -> None:
    assert searched(3, 9) == searched(3, 9)
    assert searched(3, 9) != searched(4, 9)


def ended(score: float, violation: float = -1.0, state: TrialState = TrialState.PRUNED) -> optuna.trial.FrozenTrial:
    trial = optuna.create_trial(state=state, value=score if state is TrialState.COMPLETE else None)
    trial.user_attrs["score"] = score
    trial.set_constraint("collapsed", violation)
    return trial


def test_what_did_not_keep_what_it_must_is_worth_no_more_than_the_middle() -> None:
    trials = [ended(0.0, state=TrialState.COMPLETE), *(ended(float(number)) for number in range(1, 9))]
    assert worths(trials)[0] == 0.0
    assert worths(trials)[2] == pytest.approx(math.log(2))  # the best quarter is 2 from the best
    dead = [ended(0.0, violation=0.25), *trials[1:]]
    assert worths(dead)[0] == worths(dead)[4]


def test_equal_scores_and_losses_below_zero_are_no_trouble() -> None:
    assert worths([ended(1.0)] * 4) == [0.0] * 4
    assert worths([ended(-3.0), ended(-1.0), ended(-2.0), ended(1e6)])[0] == 0.0
    assert all(math.isfinite(each) for each in worths([ended(-3.0), ended(1e6)]))


def test_parameters_of_one_branch_are_left_to_parzen_estimators() -> None:
    study = optuna.create_study()
    for number in range(12):
        study.sampler = sampler(0, 0, number)
        trial = study.ask()
        rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
        if trial.suggest_categorical("loss", ["hinge", "wasserstein"]) == "wasserstein":
            trial.suggest_float("penalty", 0.1, 10)
        trial.suggest_int("always", 3, 3)
        trial.set_user_attr("score", rate)
        study.tell(trial, rate)
    assert len(study.get_trials()) == 12


def test_it_does_not_come_back_to_a_place() -> None:
    """The scores say that nothing but the rate matters and that the lowest is the best."""
    study = optuna.create_study()
    for number in range(14):
        study.sampler = sampler(1, 0, number)
        trial = study.ask()
        score = trial.suggest_float("rate", 1.0, 2.0)
        trial.suggest_categorical("loss", ["hinge"])
        trial.set_user_attr("score", score)
        study.tell(trial, score)
    rates = sorted(each.params["rate"] for each in study.get_trials())
    assert rates[0] < 1.05
    assert sum(rate < 1.005 for rate in rates) <= 3


def test_many_trials_go_to_parzen_estimators() -> None:
    study = optuna.create_study()
    ranges = {"rate": optuna.distributions.FloatDistribution(0, 2)}
    for number in range(MOST + 1):
        trial = optuna.create_trial(params={"rate": number / MOST}, distributions=ranges, value=1.0)
        trial.user_attrs["score"] = 1.0
        study.add_trial(trial)
    study.sampler = sampler(0, 0, MOST + 1)
    assert 0 <= study.ask().suggest_float("rate", 0, 2) <= 2
