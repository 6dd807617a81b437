"""Who plays what next: new trials until there are enough, and before them those whose workers have died."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ganlab.assemble.run_lock import Lock
from ganlab.errors import BusyError
from ganlab.tune import confirmation, storage
from ganlab.tune.home import Home
from ganlab.tune.plan import Plan
from ganlab.tune.repair import put_right
from ganlab.tune.result import BASELINE, INVALID, is_confirmation
from ganlab.tune.sampling import sampler

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial


WAIT_SECONDS = 1.0


class Queue:
    """The study's trials, as the worker of that number sees them."""

    def __init__(self, study: optuna.Study, plan: Plan, home: Home, grace: float, worker: int) -> None:
        self._study = study
        self._plan = plan
        self._home = home
        self._grace = grace
        self._worker = worker

    def take(self) -> tuple[optuna.Trial, Lock] | None:
        """The next trial, its directory's name among its attributes, and the lock of that; None if none is to be begun
        now. Waits for a worker that only seemed to be dead."""
        with self._home.queue():
            put_right(self._study, self._home, self._grace)
            trials = trials_of(self._study)
            if len(counted(trials)) >= self._plan.trials and not self._confirming(trials):
                return None
            self._study.sampler = sampler(self._plan.seed, self._worker, len(trials))
            trial = storage.patient(lambda: storage.ask(self._study))
            name = trial.user_attrs.get("directory") or self._home.new_trial(trial.number)
            lock = Lock(self._home.trial(name) / "lock")
            owned = taken(lock)  # before anybody can see that it is ours
            try:
                self._sign(trial, name)
            except BaseException:
                lock.leave()
                raise
        while not owned:
            storage.patient(lambda: storage.beat(self._study, trial))
            time.sleep(WAIT_SECONDS)
            owned = taken(lock)
        return trial, lock

    def _confirming(self, trials: list[FrozenTrial]) -> bool:
        """True if the best setting waits to be played again with fresh seeds."""
        from optuna.trial import TrialState

        if any(each.state is TrialState.WAITING for each in trials if is_confirmation(each)):
            return True
        if not all(each.state.is_finished() for each in trials):
            return False
        best = confirmation.wanted(self._plan, trials)
        if best is not None:
            confirmation.enqueue(self._study, best)
        return best is not None

    def _sign(self, trial: optuna.Trial, directory: str) -> None:
        """Say where and by whom it is played, and from when on; the directory last, for a trial that has one is taken
        for one that says all this."""
        about = {"place": self._home.place, "worker": os.getpid(), "directory": directory}
        for key, value in about.items():
            storage.patient(partial(trial.set_user_attr, key, value))
        storage.patient(lambda: storage.beat(self._study, trial))

    @property
    def finished(self) -> bool:
        """True if there are enough, nobody plays, and the best has been played again."""
        trials = trials_of(self._study)
        enough = len(counted(trials)) >= self._plan.trials
        return (
            enough
            and all(each.state.is_finished() for each in trials)
            and confirmation.wanted(self._plan, trials) is None
        )

    def put_back(self, trial: optuna.Trial) -> None:
        """A trial that was interrupted, and whose lock is free, waits to be gone on with, or is told if all of it was
        played; that does not count as one of its lives."""
        from optuna.exceptions import UpdateFinishedTrialError

        interrupted = 1 + int(trial.user_attrs.get("interrupted", 0))
        with suppress(UpdateFinishedTrialError):
            storage.patient(lambda: trial.set_user_attr("interrupted", interrupted))
        with self._home.queue():
            put_right(self._study, self._home, self._grace)


def taken(lock: Lock) -> bool:
    """True if it is ours now."""
    try:
        lock.take()
    except BusyError:
        return False
    return True


def trials_of(study: optuna.Study) -> list[FrozenTrial]:
    """All of them, as they are now."""
    return storage.patient(lambda: study.get_trials(deepcopy=False))


def counted(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that the budget counts: all that run or have been played, once each."""
    from optuna.trial import TrialState

    played = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
    return [
        each
        for each in trials
        if each.state in played and each.user_attrs.get("state") != INVALID and not is_confirmation(each)
    ]


def enqueue_baseline(study: optuna.Study, plan: Plan) -> None:
    """The recipe as it is comes first."""
    if not any(each.user_attrs.get("origin") == BASELINE for each in trials_of(study)):
        storage.patient(lambda: study.enqueue_trial(dict(plan.baseline or {}), user_attrs={"origin": BASELINE}))
