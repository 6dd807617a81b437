"""A study whose file is damaged or lost, put together again from its trials' directories."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ganlab.errors import RecipeError
from ganlab.tune import storage
from ganlab.tune.address import address
from ganlab.tune.home import Home
from ganlab.tune.plan import Plan
from ganlab.tune.queue import enqueue_baseline
from ganlab.tune.result import FAILED, INVALID, TrialResult

if TYPE_CHECKING:
    import optuna


def rebuilt(home: Home, plan: Plan) -> tuple[optuna.Study, int, Path | None]:
    """The study anew with every result on disk, how many they are, and where the former file is kept. A trial without
    a result will be asked for anew, if it comes up. Raises `RecipeError` if a worker is at work, `StorageError`."""
    from ganlab.assemble.run_lock import held

    if home.is_led or any(held(each) for each in home.trials.glob("*/lock")):
        raise RecipeError(f"study '{plan.name}' is being played; end its workers before it is put together again")
    kept = set_aside(home.path / "study.db")
    study = storage.opened(plan.name, storage.connect(address(None, home.path)), make=True)
    study.set_user_attr("plan", plan.told())
    results = 0
    for directory in sorted(home.trials.iterdir()):
        result = TrialResult.kept(directory)
        if result is None or result.state in (FAILED, INVALID):
            continue
        study.add_trial(result.frozen({"directory": directory.name, "origin": result.origin}))
        results += 1
    enqueue_baseline(study, plan)
    return study, results, kept


def set_aside(path: Path) -> Path | None:
    """Give the file another name; None if there is none."""
    if not path.exists():
        return None
    targets = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    target = next(each for each in targets if not each.exists())
    path.rename(target)
    for each in path.parent.glob(f"{path.name}-*"):  # SQLite's journals, which belong to it
        each.rename(target.with_name(f"{target.name}{each.name.removeprefix(path.name)}"))
    return target
