"""One worker: takes a trial, plays it, tells what came of it, until there are enough. All are equal, any may die."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ganlab.errors import RecipeError
from ganlab.tune import storage
from ganlab.tune.child import SILENT_SECONDS
from ganlab.tune.home import Home
from ganlab.tune.plan import Plan
from ganlab.tune.queue import WAIT_SECONDS, Queue
from ganlab.tune.result import FAILED, INVALID, TrialResult
from ganlab.tune.trial import Trial
from ganlab.validation import short

if TYPE_CHECKING:
    import optuna

    from ganlab.plugins import Plugins


FAILURES = {FAILED: 5, INVALID: 100}
"""After so many trials in a row that could not be played, or were no recipe, something is wrong with all of them."""


log = logging.getLogger("ganlab")


@dataclass(frozen=True)
class Pace:
    """How often a worker says that it lives, when one that does not counts as dead, and when a run hangs; seconds."""

    heartbeat: int = storage.HEARTBEAT_SECONDS
    grace: int = storage.GRACE_SECONDS
    silent: float = SILENT_SECONDS


def work(
    study: optuna.Study,
    plan: Plan,
    home: Home,
    plugins: Plugins,
    *,
    number: int = 0,
    pace: Pace | None = None,
    told: Callable[[int, TrialResult], None] = lambda number, result: None,
) -> None:
    """Play trials until the study has enough of them, and nobody plays one that might have to be begun again.

    Raises `RecipeError` if nothing can be played, `StorageError`, and what interrupts it, after the trial has been put
    back.
    """
    from optuna.exceptions import UpdateFinishedTrialError

    pace = pace or Pace()
    queue = Queue(study, plan, home, pace.grace, number)
    failures = 0
    while not queue.finished:
        taken = queue.take()
        if taken is None:
            time.sleep(WAIT_SECONDS)
            continue
        trial, lock = taken
        try:
            beat = Beat(study, trial, pace.heartbeat)
            path = home.trial(str(trial.user_attrs["directory"]))
            result = Trial(plan, study, trial, path, plugins, beat, pace.silent).play()
            result.tell(study, trial)
        except UpdateFinishedTrialError:  # the storage was away for so long that others took us for dead
            log.info("trial %d has been given to another worker", trial.number)
            continue
        except (KeyboardInterrupt, RecipeError) as error:
            if isinstance(error, RecipeError):
                storage.patient(partial(study.set_user_attr, storage.REFUSED, short(str(error), 500)))
            lock.leave()
            queue.put_back(trial)
            raise
        finally:
            lock.leave()
        told(trial.number, result)
        failures = failures + 1 if result.state in FAILURES else 0
        if failures and failures >= FAILURES[result.state]:
            raise RecipeError(f"{failures} trials in a row could not be played, the last for: {result.reason}")


class Beat:
    """Says that a trial is being played, once in a while, however often it is called."""

    def __init__(self, study: optuna.Study, trial: optuna.Trial, seconds: float) -> None:
        self._study = study
        self._trial = trial
        self._seconds = seconds
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            storage.patient(lambda: storage.beat(self._study, self._trial))
