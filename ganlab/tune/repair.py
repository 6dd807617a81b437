"""What dead workers leave behind: trials that run in the storage and nowhere else, and results that nobody told.

A worker is dead if its trial's directory is here and not locked, or if it has long been silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from ganlab.assemble.run_lock import held
from ganlab.errors import RecipeError
from ganlab.tune import storage
from ganlab.tune.home import Home
from ganlab.tune.result import FAILED, RESULT, TrialResult

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial


def put_right(study: optuna.Study, home: Home, grace: float) -> None:
    """Tell what is on disk, and let what is left be begun again. Only inside the study's queue."""
    from optuna.trial import TrialState

    storage.patient(lambda: storage.fail_stale(study))
    for each in _trials(study):
        if each.state is TrialState.RUNNING:
            _settle(study, home, each, grace)
    for name, each in _newest(study).items():
        came_to_nothing = each.state is TrialState.FAIL and each.user_attrs.get("state") != FAILED
        if came_to_nothing and each.user_attrs.get("place") == home.place:
            _again(study, home, name, each)


def retried(study: optuna.Study, home: Home, numbers: Sequence[int]) -> list[int]:
    """Let the failed trials of these numbers, or all, wait to be begun again; which ones do. Raises `RecipeError` for a
    number that is none of a failed trial."""
    from optuna.trial import TrialState

    with home.queue():
        failed = {each.number: each for each in _newest(study).values() if each.state is TrialState.FAIL}
        for number in numbers:
            if number not in failed:
                raise RecipeError(f"trial {number} has not failed; failed are: {', '.join(map(str, failed)) or 'none'}")
        chosen = [number for number in failed if number in numbers or not numbers]
        for number in chosen:
            TrialResult.forget(home.trials / str(failed[number].user_attrs["directory"]))
            trial = failed[number]
            trial.user_attrs = {name: each for name, each in trial.user_attrs.items() if name not in RESULT}
            storage.patient(partial(storage.enqueue_again, study, trial))
        return chosen


def _settle(study: optuna.Study, home: Home, trial: FrozenTrial, grace: float) -> None:
    name, started = trial.user_attrs.get("directory"), trial.datetime_start
    if name is None:  # its worker has only just taken it, or died of that
        if started is not None and (datetime.now() - started).total_seconds() > grace:
            storage.patient(lambda: storage.fail(study, trial.number))
        return
    if trial.user_attrs.get("place") != home.place or held(home.trials / name / "lock"):
        return
    if _trials(study)[trial.number].state.is_finished():  # told just now, before its worker let go of the lock
        return
    result = TrialResult.kept(home.trials / name)
    if result is None:
        storage.patient(lambda: storage.fail(study, trial.number))
    else:
        result.tell(study, storage.trial_of(study, trial))


def _again(study: optuna.Study, home: Home, name: str, trial: FrozenTrial) -> None:
    """Into the queue once more; or, if all of it was played, as it ended."""
    result = TrialResult.kept(home.trials / name)
    if result is not None:
        storage.patient(lambda: study.add_trial(result.frozen(trial.user_attrs)))
        return
    lives = sum(each.user_attrs.get("directory") == name for each in _trials(study))
    if lives - int(trial.user_attrs.get("interrupted", 0)) <= storage.RETRIES:
        storage.patient(lambda: storage.enqueue_again(study, trial))


def _newest(study: optuna.Study) -> dict[str, FrozenTrial]:
    """Of the trials that share a directory, since one goes on with another, the last."""
    return {each.user_attrs["directory"]: each for each in _trials(study) if "directory" in each.user_attrs}


def _trials(study: optuna.Study) -> list[FrozenTrial]:
    return storage.patient(lambda: study.get_trials(deepcopy=False))
