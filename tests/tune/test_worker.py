"""What one worker makes of a study, of runs that end well, die, fail, hang and are interrupted."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from ganlab.errors import RecipeError
from ganlab.tune import child, storage, trial, worker
from ganlab.tune.queue import counted
from ganlab.tune.ranges import Range, Ranges
from ganlab.tune.repair import retried
from ganlab.tune.result import TrialResult
from ganlab.tune.score import SeedResult
from ganlab.tune.worker import Pace, work
from tests.tune.studies import FAKE, PLUGINS, RATE, began, plan, played


def test_every_setting_is_played_with_every_seed_and_the_recipe_as_it_is_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, home = played(replace(plan(), rungs=()), tmp_path, monkeypatch)
    trials = study.get_trials()
    assert [each.state for each in trials] == [TrialState.COMPLETE] * 4
    assert trials[0].params == {RATE: 1e-3}  # the ring's own
    assert trials[0].user_attrs["origin"] == "baseline"
    for each in trials:
        # Both seeds end at |log10(rate) + 3| + seed / 100 + 0.1, or the median of the last two ticks of that.
        tail = (10 / 81 + 10 / 100) / 2
        values = [abs(math.log10(each.params[RATE]) + 3) + seed / 100 + tail for seed in (0, 1)]
        spread = abs(values[0] - values[1]) / math.sqrt(2)
        assert each.value == pytest.approx(sum(values) / 2 + spread)
        assert each.constraints == {"collapsed": 0.0, "unhealthy": -0.1}
        assert each.user_attrs["commands"][1].startswith("ganlab run ")
        assert "--set seed=1" in each.user_attrs["commands"][1]
    assert json.loads((home.path / "plan.json").read_text())["seeds"] == 2
    assert not list(home.trials.glob("*/seed-*/lock.held"))


def test_a_setting_whose_run_dies_is_given_up_at_once_with_the_finding_as_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, _ = played(replace(plan("log:0.2..0.9", seeds=3, trials=2), rungs=()), tmp_path, monkeypatch)
    dead = study.get_trials()[1]
    assert dead.state is TrialState.PRUNED
    assert dead.user_attrs["reason"] == "seed 0: lost-coverage: gone"
    assert len(dead.user_attrs["seeds"]) == 1
    assert dead.constraints["collapsed"] == pytest.approx(1 / 3)
    assert dead.value == pytest.approx(abs(math.log10(dead.params[RATE]) + 3) + 10)  # the worst it was
    assert math.isfinite(dead.value)


def test_with_tolerance_one_of_three_seeds_may_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(plan("log:0.2..0.9", seeds=3, trials=2), rungs=(), tolerance=0.34)
    study, _ = played(wanted, tmp_path, monkeypatch)
    assert len(study.get_trials()[1].user_attrs["seeds"]) == 2  # all die; the second is one too many


def test_at_a_rung_only_the_better_half_of_all_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, _ = played(replace(plan(seeds=1, trials=9), rungs=(0.5,)), tmp_path, monkeypatch)
    trials = study.get_trials()
    given_up = [each for each in trials if each.state is TrialState.PRUNED]
    assert given_up
    for each in given_up:
        others = [other.user_attrs["rung 0.5"] for other in trials[: each.number + 1]]
        assert each.user_attrs["reason"].startswith("not among the best at 50% of the budget")
        assert each.user_attrs["rung 0.5"] > sorted(others)[math.ceil(len(others) / 2) - 1]
        assert len(each.user_attrs["seeds"]) == 1


def test_over_seeds_what_is_probably_worse_than_the_best_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(plan("1e-6,2e-6", seeds=6, trials=2), rungs=())
    study, _ = played(wanted, tmp_path, monkeypatch)
    worse = study.get_trials()[1]
    assert worse.state is TrialState.PRUNED
    assert worse.user_attrs["reason"] == "probably worse than trial 0, after 4 seeds"


def test_a_recipe_that_cannot_be_is_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = Ranges((Range(RATE, 1e-4, 1e-3), Range("batch_size", choices=("250", "0"))))
    study, _ = played(replace(plan(trials=6), space=space, baseline=None, rungs=(), seed=3), tmp_path, monkeypatch)
    trials = study.get_trials()
    invalid = [each for each in trials if each.user_attrs["state"] == "invalid"]
    assert invalid
    assert "batch_size" in invalid[0].user_attrs["reason"]
    assert len(counted(trials)) == 6
    assert len(trials) == 6 + len(invalid)


def test_runs_that_end_with_an_error_fail_with_their_last_words_and_five_in_a_row_end_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(plan("log:2.0..9.0", trials=9), rungs=())
    with pytest.raises(
        RecipeError, match=r"5 trials in a row could not be played, the last for: seed 0: error\[E-MEMORY\]: no memory"
    ):
        played(wanted, tmp_path, monkeypatch)


def test_a_run_that_hangs_is_ended_and_begun_again_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FAILURES", {"failed": 1})
    wanted = replace(plan("log:20.0..90.0", trials=2, seeds=1), rungs=())
    with pytest.raises(RecipeError, match="seed 0: ended 3 times without a result"):
        played(wanted, tmp_path, monkeypatch, Pace(silent=0.3))


def test_what_was_interrupted_is_gone_on_with_and_ends_as_it_would_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    wanted = replace(plan(), rungs=())
    study, home = began(wanted, tmp_path)
    looks = iter(range(1000))

    class Interrupted(trial.Trial):
        def _take(self, result: SeedResult) -> None:
            super()._take(result)
            if next(looks) % 3 == 0:
                raise KeyboardInterrupt

    monkeypatch.setattr(worker, "Trial", Interrupted)
    for _ in range(20):
        try:
            work(study, wanted, home, PLUGINS)
            break
        except KeyboardInterrupt:
            continue
    monkeypatch.undo()
    done = [each for each in study.get_trials() if each.state is TrialState.COMPLETE]
    clean, _ = played(replace(wanted, name="clean"), tmp_path, monkeypatch)
    assert len(done) == 4
    assert all(each.state is not TrialState.RUNNING for each in study.get_trials())
    assert next(looks) > 8  # some seeds were taken twice, none was played twice
    assert done[0].value == clean.get_trials()[0].value
    assert [len(list(each.glob("seed-*.log"))) for each in home.trials.iterdir()] == [2, 2, 2, 2]


def test_a_result_that_was_never_told_is_told_by_the_next_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    wanted = replace(plan(trials=2), rungs=())
    study, home = began(wanted, tmp_path)
    monkeypatch.setattr(TrialResult, "tell", lambda self, study, trial: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        work(study, wanted, home, PLUGINS)
    assert study.get_trials()[0].state is TrialState.RUNNING
    monkeypatch.undo()
    monkeypatch.setattr(child, "PROGRAM", (*FAKE[:1], "-c", "raise SystemExit('played again')"))
    with pytest.raises(RecipeError):  # nothing can be played, so that what is there was not played twice
        work(study, replace(wanted, trials=9), home, PLUGINS)
    assert study.get_trials()[0].state is TrialState.COMPLETE
    assert study.get_trials()[0].value == pytest.approx(TrialResult.kept(home.trials / "0000").value)


def test_an_objective_that_no_diagnostic_measures_ends_the_study_as_its_first_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "2")
    with pytest.raises(RecipeError, match="no diagnostic of the recipe measures the objective 'kid'"):
        played(replace(plan(), objective="kid"), tmp_path, monkeypatch)
    (begun,) = tmp_path.rglob("measurements.jsonl")
    assert not (begun.parent / "outcome.json").exists()


def test_a_study_that_was_refused_begins_anew_with_what_can_be_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "1")
    with pytest.raises(RecipeError, match="'kid'"):
        played(replace(plan(trials=2), objective="kid"), tmp_path, monkeypatch)
    (refused,) = tmp_path.rglob("measurements.jsonl")
    study, home = played(plan(trials=2), tmp_path, monkeypatch)
    assert study.get_trials()[0].user_attrs["state"] == "complete"
    assert [path.name for path in home.trials.iterdir() if path == refused.parents[1]] == ["0000"]
    assert study.get_trials()[0].user_attrs["directory"] == "0000-2"
    with pytest.raises(RecipeError, match='objective: was "mmd", is "kid"'):
        began(replace(plan(trials=2), objective="kid"), tmp_path)
    assert len(study.get_trials()) == 2


def test_a_trial_that_failed_is_played_once_more_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "FAILURES", {"failed": 1})
    wanted = replace(plan("log:2.0..9.0", trials=2, seeds=1), rungs=())
    with pytest.raises(RecipeError):
        played(wanted, tmp_path, monkeypatch)
    study, home = began(wanted, tmp_path)
    with pytest.raises(RecipeError, match="trial 0 has not failed; failed are: 1"):
        retried(study, home, [0])
    assert retried(study, home, []) == [1]
    assert retried(study, home, []) == []
    monkeypatch.setattr(worker, "FAILURES", {"failed": 5})
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    (home.trials / "0001" / "seed-0" / "recipe.toml").write_text("rate = 1e-3\nseed = 0\n")
    work(study, wanted, home, PLUGINS)
    done = study.get_trials()[2]
    assert done.state is TrialState.COMPLETE
    assert done.params == study.get_trials()[1].params
    assert done.user_attrs["directory"] == "0001"


def test_seeds_that_are_played_together_come_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, _ = played(replace(plan(trials=2, seeds=4), rungs=()), tmp_path / "alone", monkeypatch)
    study, home = played(replace(plan(trials=2, seeds=4), rungs=(), together=True), tmp_path, monkeypatch)
    assert [each.value for each in study.get_trials()] == [each.value for each in alone.get_trials()]
    assert (home.trials / "0001" / "seeds.log").exists()
    assert not (home.trials / "0001" / "seed-1.log").exists()


def test_one_that_dies_among_them_ends_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = replace(plan("log:0.02..0.09", trials=2, seeds=9), rungs=(), together=True)
    study, _ = played(wanted, tmp_path, monkeypatch)
    trial = study.get_trials()[1]
    assert trial.state is TrialState.PRUNED
    assert trial.user_attrs["reason"] == "seed 2: lost-coverage: gone"
    assert [each["seed"] for each in trial.user_attrs["seeds"]] == [0, 2]


def test_a_trial_that_was_given_to_another_while_the_storage_was_away_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    wanted = replace(plan(trials=2), rungs=())
    study, home = began(wanted, tmp_path)

    class Forsaken(trial.Trial):
        """Its first seed is hardly played when the storage says that the trial has failed."""

        def _take(self, result: SeedResult) -> None:
            if self._trial.number == 0:
                study.tell(0, state=TrialState.FAIL)
            super()._take(result)

    monkeypatch.setattr(worker, "Trial", Forsaken)
    work(study, wanted, home, PLUGINS)
    trials = study.get_trials()
    finished = [each for each in trials if each.state is TrialState.COMPLETE]
    assert trials[0].state is TrialState.FAIL
    assert sorted(each.user_attrs["directory"] for each in finished) == ["0000", "0002"]
    again = next(each for each in finished if each.user_attrs["directory"] == "0000")
    assert again.system_attrs["failed_trial"] == 0
    assert again.params == trials[0].params


@pytest.mark.parametrize("told", range(4))
def test_a_worker_that_dies_while_it_signs_a_trial_leaves_it_to_others(
    told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "PROGRAM", FAKE)
    wanted = replace(plan(trials=2), rungs=())
    study, home = began(wanted, tmp_path)
    set_user_attr = optuna.Trial.set_user_attr
    left = iter([True] * told)

    class Died(BaseException):
        """What a kill is."""

    def set_or_die(self: optuna.Trial, key: str, value: object) -> None:
        if not next(left, False):
            raise Died
        set_user_attr(self, key, value)

    with monkeypatch.context() as patched:
        patched.setattr(optuna.Trial, "set_user_attr", set_or_die)
        patched.setattr(storage, "beat", lambda study, trial: set_or_die(trial, "never", 0))
        with pytest.raises(Died):
            work(study, wanted, home, PLUGINS)
    work(study, wanted, home, PLUGINS, pace=Pace(grace=0))
    states = [each.state for each in study.get_trials()]
    assert states.count(TrialState.COMPLETE) == 2
    assert TrialState.RUNNING not in states
