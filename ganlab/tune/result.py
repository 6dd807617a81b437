"""What a trial came to, kept as `trial.json` in its directory before the storage is told: with it a study can be put
together again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.assemble.reading import read_json
from ganlab.disk import publish
from ganlab.tune.score import SeedResult, score
from ganlab.tune.storage import patient, quiet

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

NAME = "trial.json"

COMPLETE, PRUNED, INVALID, FAILED = "complete", "pruned", "invalid", "failed"
"""How a trial ends: with all seeds, given up with a reason, with a recipe that cannot be, or with runs that cannot be
played."""


BASELINE = "baseline"
"""The `origin` of the trial that plays the recipe as it is."""

CONFIRMATION = "confirmation of "
"""How the `origin` of a trial begins that plays, with fresh seeds, the setting of the trial in that directory."""

RESULT = ("state", "reason", "settings", "commands", "seeds", "seconds", "kimg", "score")
"""What a trial that has ended says of itself in the storage."""


@dataclass(frozen=True)
class TrialResult:
    """`value` is the score of the seeds that were played; `constraints` are kept where they are at most 0."""

    state: str
    origin: str = ""
    reason: str = ""
    value: float | None = None
    constraints: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[SeedResult, ...] = ()
    beside: tuple[SeedResult, ...] = ()
    """Seeds that were played at the same time and did not matter any more."""
    commands: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long its runs were trained."""
        return sum(each.seconds for each in (*self.seeds, *self.beside))

    @property
    def kimg(self) -> float:
        """How much they were shown."""
        return sum(each.kimg for each in (*self.seeds, *self.beside))

    def save(self, directory: Path) -> None:
        """Keep it, whole or not at all. Raises `StorageError`."""
        publish(json.dumps(asdict(self), indent=1).encode(), directory / NAME)

    @classmethod
    def kept(cls, directory: Path) -> TrialResult | None:
        """What was kept there; None if nothing was, or nobody can read it."""
        try:
            table = dict(read_json(directory / NAME))
            seeds, beside = (tuple(SeedResult(**each) for each in table.pop(name)) for name in ("seeds", "beside"))
            return cls(**table | {"seeds": seeds, "beside": beside, "commands": tuple(table["commands"])})
        except (KeyError, TypeError, ValueError):
            return None

    @staticmethod
    def forget(directory: Path) -> None:
        """Set aside what was kept there, so that the trial can be played again."""
        with suppress(FileNotFoundError):
            (directory / NAME).rename(directory / f"{NAME}.failed")

    def tell(self, study: optuna.Study, trial: optuna.Trial) -> None:
        """Tell the storage how the trial ended, as often as it takes; one that has ended is left as it is."""
        patient(lambda: self._describe(trial))
        patient(lambda: self._finish(study, trial.number))

    def _describe(self, trial: optuna.Trial) -> None:
        for name, value in self.attributes().items():
            trial.set_user_attr(name, value)
        with quiet():  # what was said before stands
            for name, amount in self.constraints.items():
                trial.set_constraint(name, amount)

    def _finish(self, study: optuna.Study, number: int) -> None:
        study.tell(number, self.value if self.state == COMPLETE else None, self._state, skip_if_finished=True)

    @property
    def _state(self) -> optuna.trial.TrialState:
        from optuna.trial import TrialState

        return {COMPLETE: TrialState.COMPLETE, FAILED: TrialState.FAIL}.get(self.state, TrialState.PRUNED)

    def attributes(self) -> dict[str, Any]:
        """What the trial says of itself in the storage."""
        told = {
            "state": self.state,
            "reason": self.reason,
            "settings": dict(self.settings),
            "commands": list(self.commands),
            "seeds": [asdict(each) for each in self.seeds],
            "seconds": round(self.seconds, 3),
            "kimg": self.kimg,
        }
        return told if self.value is None else told | {"score": self.value}

    def frozen(self, attributes: Mapping[str, Any]) -> optuna.trial.FrozenTrial:
        """The trial as it would stand in the storage, for a study that has lost it."""
        import optuna

        trial = optuna.create_trial(
            state=self._state,
            value=None if self.state == FAILED else self.value,
            params=dict(self.params),
            distributions={
                name: optuna.distributions.json_to_distribution(each) for name, each in self.distributions.items()
            },
            user_attrs={**attributes, **self.attributes()},
            intermediate_values={step: each.value for step, each in enumerate(self.seeds)},
        )
        for name, amount in self.constraints.items():
            trial.set_constraint(name, amount)
        return trial


def is_confirmation(trial: FrozenTrial) -> bool:
    """True if it plays a setting again that another trial has found."""
    return str(trial.user_attrs.get("origin", "")).startswith(CONFIRMATION)


def scored(results: Sequence[SeedResult]) -> float | None:
    """The score of the seeds that were played; None if none was."""
    return score([each.value for each in results]) if results else None
