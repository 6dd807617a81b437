"""The best setting is played again with seeds it has not seen; what does not hold is no longer the best."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import TrialState

from ganlab.tune import confirmation
from ganlab.tune.confirmation import held
from ganlab.tune.plan import Plan
from ganlab.tune.queue import counted
from ganlab.tune.rebuild import rebuilt
from ganlab.tune.repair import put_right
from ganlab.tune.result import COMPLETE, PRUNED
from ganlab.tune.standing import Standing
from ganlab.tune.worker import work
from tests.tune.by_hand import PLAN, RATE, behind, dead, healthy, trial
from tests.tune.studies import PLUGINS, began, plan, played


def better_until_seed_two() -> Plan:
    """Two settings that more than the recipe's own are what is wanted, and die with seed 2."""
    return replace(plan("log:0.02..0.09", trials=3), objective="-mmd", fresh_seeds=3, rungs=())


def test_the_best_is_played_again_with_seeds_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(plan(trials=3), fresh_seeds=3)
    study, _ = played(wanted, tmp_path, monkeypatch)
    trials = study.get_trials()
    assert len(trials) == 4
    assert len(counted(trials)) == 3
    again = trials[-1]
    assert again.params == trials[0].params  # the recipe's own is the best
    assert [each["seed"] for each in again.user_attrs["seeds"]] == [2, 3, 4]
    now = Standing.of(wanted, trials, 10.0)
    assert now.best is not None
    assert now.best.number == 0
    assert now.confirmation is not None
    assert now.confirmation.number == 3
    assert [row.number for row in now.rows] == [0, 1, 2]
    assert held(now) == [f"with 3 fresh seeds: mmd {again.value:.4g}, none dead"]
    json.dumps(now.told())


@pytest.mark.parametrize("together", [False, True])
def test_what_dies_with_fresh_seeds_makes_room_for_the_next(
    together: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(better_until_seed_two(), together=together)
    study, _ = played(wanted, tmp_path, monkeypatch)
    trials = study.get_trials()
    first, second = sorted(trials[1:3], key=lambda each: each.value)
    now = Standing.of(wanted, trials, 10.0)
    assert [row.origin for row in now.confirmations] == [
        f"confirmation of {each.user_attrs['directory']}" for each in (first, second, trials[0])
    ]
    assert [row.state for row in now.confirmations] == [PRUNED, PRUNED, COMPLETE]
    assert now.confirmations[0].reason == "seed 2: lost-coverage: gone"
    assert now.best is not None
    assert now.best.baseline
    assert {row.number for row in now.refuted} == {1, 2}
    assert len(held(now)) == 3
    assert not now.confirmations[2].settings  # the recipe as it is


def test_a_confirmation_whose_worker_died_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, home = played(plan(trials=2), tmp_path, monkeypatch)
    wanted = replace(plan(trials=2), fresh_seeds=2)
    assert not Standing.of(wanted, study.get_trials(), 10.0).confirmation
    directory = study.get_trials()[0].user_attrs["directory"]
    study.enqueue_trial(dict(study.get_trials()[0].params), user_attrs={"origin": f"confirmation of {directory}"})
    left = study.ask()
    for name, value in {"directory": home.new_trial(left.number), "place": home.place}.items():
        left.set_user_attr(name, value)
    with home.queue():
        put_right(study, home, 60.0)
    work(study, wanted, home, PLUGINS)
    trials = study.get_trials()
    assert [each.state for each in trials[2:]] == [TrialState.FAIL, TrialState.COMPLETE]
    assert trials[3].user_attrs["directory"] == trials[2].user_attrs["directory"]
    assert [each["seed"] for each in trials[3].user_attrs["seeds"]] == [2, 3]


def test_a_longer_study_confirms_only_what_is_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(plan(trials=2), fresh_seeds=2)
    study, home = played(wanted, tmp_path, monkeypatch)
    longer = replace(wanted, trials=4)
    study, home = began(longer, tmp_path)
    work(study, longer, home, PLUGINS)
    trials = study.get_trials()
    assert len(counted(trials)) == 4
    assert len(Standing.of(longer, trials, 10.0).confirmations) == 1  # the recipe's own is still the best


def test_what_was_confirmed_is_so_in_a_study_put_together_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = better_until_seed_two()
    _, home = played(wanted, tmp_path, monkeypatch)
    study, results, _ = rebuilt(home, wanted)
    now = Standing.of(wanted, study.get_trials(), 10.0)
    assert results == 6
    assert now.best is not None
    assert now.best.baseline
    assert now.confirmation is not None


def numbers(now: Standing) -> tuple[int | None, int | None]:
    """Which setting leads, and which is the best."""
    leading, best = now.leading, now.best
    return None if leading is None else leading.number, None if best is None else best.number


def test_if_none_is_left_what_was_only_worse_has_its_turn() -> None:
    best = trial(healthy(0, 1.0), healthy(1, 1.0), params={RATE: 1e-3})
    worse = trial(healthy(0, 1.5), params={RATE: 2e-3}, reason="hardly to be better")
    behind_early = trial(behind(0, 0.5), params={RATE: 3e-3})
    died = trial(healthy(0, 0.1), dead(1), params={RATE: 4e-3})
    found = [best, worse, behind_early, died]
    for number, each in enumerate(found):
        each.number = number
        each.user_attrs["directory"] = f"{number:04}"
    wanted = replace(PLAN, fresh_seeds=2)
    assert numbers(Standing.of(wanted, found, 10.0)) == (0, 0)
    lost = trial(dead(2))
    lost.number = 4
    lost.user_attrs |= {"directory": "0004", "origin": "confirmation of 0000"}
    now = Standing.of(wanted, [*found, lost], 10.0)
    assert numbers(now) == (1, None)
    holds = trial(healthy(2, 1.4), healthy(3, 1.6))
    holds.number = 5
    holds.user_attrs |= {"directory": "0005", "origin": "confirmation of 0001"}
    now = Standing.of(wanted, [*found, lost, holds], 10.0)
    assert numbers(now) == (1, 1)
    assert [row.number for row in now.refuted] == [0]


def test_what_does_worse_than_it_promised_gives_way_to_the_next_three_times_at_most() -> None:
    found = [
        trial(*(healthy(seed, value) for seed in (0, 1)), params={RATE: value / 100}) for value in (1.0, 2.0, 2.4, 2.45)
    ]
    for number, each in enumerate(found):
        each.number = number
        each.user_attrs["directory"] = f"{number:04}"
    wanted = replace(PLAN, fresh_seeds=2)

    def after(number: int, value: float) -> tuple[int | None, list[int]]:
        """Who leads once that setting has come to that value, and who is played again with fresh seeds next."""
        again = trial(healthy(2, value), healthy(3, value))
        again.number = len(found)
        again.user_attrs |= {"directory": f"{again.number:04}", "origin": f"confirmation of {number:04}"}
        found.append(again)
        now = Standing.of(wanted, found, 10.0)
        next_one = confirmation.wanted(wanted, found)
        return numbers(now)[0], [] if next_one is None else [next_one.number]

    assert after(0, 3.0) == (1, [1])
    assert after(1, 2.5) == (2, [2])
    assert after(2, 4.0) == (1, [])
    now = Standing.of(wanted, found, 10.0)
    assert numbers(now) == (1, 1)
    assert held(now) == [
        "trial 0 was better, and came to 3 with fresh seeds",
        "trial 2 was better, and came to 4 with fresh seeds",
        "with 2 fresh seeds: mmd 2.5, none dead",
    ]
