"""Where a study is kept: a database that may be locked, restarted or away for a while.

What Optuna calls experimental or keeps private (heartbeats, retries) is touched here and nowhere else.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from ganlab.errors import RecipeError, StorageError, nearest
from ganlab.tune.address import check_file, shown

if TYPE_CHECKING:
    import optuna

T = TypeVar("T")

REFUSED = "refused"
"""Under which a study says why a worker could not play it as it was asked for."""

HEARTBEAT_SECONDS = 60
GRACE_SECONDS = 180
"""A trial whose worker has been silent for so long is given to another."""

RETRIES = 2
"""So often is a trial begun again whose worker died."""

CONNECTING: dict[str, dict[str, object]] = {
    "sqlite": {"timeout": 60},
    "postgresql": {"client_encoding": "utf8", "connect_timeout": 10},
}

PATIENCE_SECONDS = 600.0
"""So long is a storage waited for."""

log = logging.getLogger("ganlab")


def connect(
    url: str, *, heartbeat: int = HEARTBEAT_SECONDS, grace: int = GRACE_SECONDS, patience: float = PATIENCE_SECONDS
) -> optuna.storages.RDBStorage:
    """The storage at that address. Raises `StorageError` if it cannot be reached, `RecipeError` for an address that is
    none."""
    import optuna
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    check_file(url)
    engine = {"pool_pre_ping": True, "connect_args": CONNECTING.get(url.partition(":")[0].partition("+")[0], {})}
    try:
        with quiet():
            retry = optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=RETRIES)
            return patient(
                lambda: optuna.storages.RDBStorage(
                    url,
                    engine_kwargs=engine,
                    heartbeat_interval=heartbeat,
                    grace_period=grace,
                    heartbeat_stale_trial_callback=retry,
                ),
                patience,
            )
    except (ArgumentError, NoSuchModuleError):
        raise RecipeError(
            f"--storage {shown(url)}: is no address of a database; such as postgresql+psycopg://user@host/name"
        ) from None
    except ImportError as error:
        raise RecipeError(
            f"--storage {shown(url)}: needs the package '{error.name}'; for PostgreSQL 'pip install ganlab[postgres]'"
        ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, nobody is told that what Optuna calls experimental is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def opened(name: str, storage: optuna.storages.RDBStorage, *, make: bool = False) -> optuna.Study:
    """The study of that name, which is made if `make` says so. Raises `RecipeError` if there is none."""
    import optuna

    with quiet():
        if make:
            return optuna.create_study(study_name=name, storage=storage, load_if_exists=True, pruner=pruner())
        try:
            return optuna.load_study(study_name=name, storage=storage, pruner=pruner())
        except KeyError:
            names = optuna.study.get_all_study_names(storage)
            raise RecipeError(
                f"no study '{name}' in the storage.{nearest(name, names)} There are: {', '.join(names) or 'none'}"
            ) from None


def delete(name: str, storage: optuna.storages.RDBStorage) -> None:
    """Forget the study of that name, if there is one."""
    import optuna

    with suppress(KeyError):
        optuna.delete_study(study_name=name, storage=storage)


def pruner() -> optuna.pruners.BasePruner:
    """Over seeds, which are its steps: gives up what is probably worse than the best trial on the same seeds. It cannot
    tell before four."""
    import optuna

    return optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)


def enqueue_again(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """A trial with the same parameters, marked as a retry."""
    import optuna

    with quiet():
        optuna.storages.RetryHeartbeatStaleTrialCallback()(study, trial)


def fail_stale(study: optuna.Study) -> None:
    """Trials whose workers have long been silent fail, and wait to be begun again, at most `RETRIES` times."""
    import optuna

    with quiet():
        optuna.storages.fail_stale_trials(study)


def fail(study: optuna.Study, number: int) -> None:
    """The trial of that number has come to nothing, unless it has ended already."""
    from optuna.trial import TrialState

    study.tell(number, state=TrialState.FAIL, skip_if_finished=True)


def trial_of(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> optuna.Trial:
    """The trial, to be told of."""
    import optuna

    return optuna.Trial(study, trial._trial_id)


def beat(study: optuna.Study, trial: optuna.Trial) -> None:
    """Say that the trial is being played. Of Optuna's storages only those in databases know it, and no other is opened
    here; the study does not hand it out."""
    study._storage.record_heartbeat(trial._trial_id)  # type: ignore[attr-defined]


def ask(study: optuna.Study) -> optuna.Trial:
    """The next trial, from the queue or new."""
    with quiet():  # heartbeats outside of Study.optimize are ours
        return study.ask()


def patient(ask: Callable[[], T], patience: float = PATIENCE_SECONDS) -> T:
    """What the storage answers, asked again while it is away, at most for `patience` seconds. `ask` may be carried out
    more than once.

    Raises `StorageError`, without what the address holds.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import DBAPIError

    began, pause = time.monotonic(), 0.1
    while True:
        try:
            return ask()
        except (StorageInternalError, DBAPIError) as error:
            reason = _reason(error)
            if time.monotonic() - began > patience:
                raise StorageError(
                    f"the study's storage has not answered for {patience:.0f} s ({reason}); what was played is kept in "
                    "the study's directory: give the same command again when it is back"
                ) from None
            if 2 < pause < 5:  # once, when it is more than a hiccup
                log.warning("the study's storage does not answer (%s); trying again", reason)
            time.sleep(pause)
            pause = min(2 * pause, 5.0)


def _reason(error: BaseException) -> str:
    """Why, in a few words: the driver's own, without statement and address."""
    cause = error.__cause__ if error.__cause__ is not None else error
    original = getattr(cause, "orig", None) or cause
    return f"{type(original).__name__}"
