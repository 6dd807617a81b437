"""What TensorBoard shows of a study beside the curves of its runs: its trials as the rows of the hyperparameter tab,
and in words what became of each.

A trial's row lies in its directory, the columns in the study's. Each is one file, written anew if need be.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.disk import publish
from ganlab.errors import StorageError
from ganlab.tune.plan import Space
from ganlab.tune.ranges import Ranges
from ganlab.tune.result import COMPLETE, FAILED, INVALID, PRUNED, TrialResult

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

log = logging.getLogger("ganlab")

FILE = "events.out.tfevents.0000000000.000.study"
"""A name that TensorBoard reads, and no run's reporter thinks its own."""

SCALARS = {
    "trial/score": "score",
    "trial/seeds": "seeds played",
    "trial/dead": "seeds dead",
    "trial/unhealthy": "share of time unhealthy",
    "trial/seconds": "seconds",
    "trial/kimg": "kimg",
}


def write_trial(directory: Path, study: str, trial: FrozenTrial, result: TrialResult) -> None:
    """The row of a trial that has ended. A disk that refuses ends no trial: it is told, and the row is missing."""
    from ganlab import events

    began = time.time() if trial.datetime_start is None else trial.datetime_start.timestamp()
    settings = {"state": result.state} | {
        name: plain(value, trial.distributions[name]) for name, value in trial.params.items()
    }
    name = f"{study}/{directory.name}"
    values = events.hyperparameters(name, settings, began, time.time(), result.state in (COMPLETE, PRUNED))
    values += [events.scalar(tag, value) for tag, value in scalars(result).items()]
    _publish(directory / FILE, events.whole([*values, events.text("trial", told(result))], trial.number))


def write_columns(directory: Path, space: Space, trials: Iterable[FrozenTrial]) -> None:
    """The columns for these trials, and for those to come if their ranges are known, in their study's directory.

    A TensorBoard that runs already keeps the columns that it has read first.
    """
    from ganlab import events

    choices: dict[str, list[str] | None] = {"state": [COMPLETE, PRUNED, FAILED, INVALID]}
    if isinstance(space, Ranges):
        choices |= {each.key: list(each.choices) or None for each in space.ranges}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            found = choices_of(distribution)
            choices[name] = found if found is None else list(dict.fromkeys([*(choices.get(name) or []), *found]))
    _publish(directory / FILE, events.whole([events.columns(choices, SCALARS)], 0))


def scalars(result: TrialResult) -> Mapping[str, float]:
    """By tag, as far as they are known."""
    found = {
        "trial/seeds": float(len(result.seeds)),
        "trial/dead": float(sum(each.dead for each in result.seeds)),
        "trial/seconds": result.seconds,
        "trial/kimg": result.kimg,
    }
    if result.seeds:
        found["trial/unhealthy"] = sum(each.unhealthy for each in result.seeds) / len(result.seeds)
    return found if result.value is None else found | {"trial/score": result.value}


def told(result: TrialResult) -> str:
    """What became of it, as Markdown that shows it letter by letter."""
    settings = (f"{key} = {json.dumps(value)}" for key, value in result.settings.items())
    lines = [f"{result.state}: {result.reason}" if result.reason else result.state, *settings, *result.commands]
    return "".join(f"    {line}\n" for each in lines for line in each.splitlines())


def choices_of(distribution: BaseDistribution) -> list[str] | None:
    """What a parameter may be, as text; None if it is a number."""
    from optuna.distributions import CategoricalDistribution

    if not isinstance(distribution, CategoricalDistribution):
        return None
    return [str(plain(each, distribution)) for each in distribution.choices]


def plain(value: Any, distribution: BaseDistribution) -> str | float:
    """A number of a range, or the text of a choice."""
    from optuna.distributions import CategoricalDistribution

    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(distribution, CategoricalDistribution) else float(value)


def _publish(path: Path, raw: bytes) -> None:
    try:
        publish(raw, path)
    except StorageError as error:
        log.warning("TensorBoard: %s; the study goes on without it", error)
