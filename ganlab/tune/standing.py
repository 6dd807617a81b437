"""How far a study is and what it has found: the same for its table, its JSON and its report."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ganlab.tune.plan import Plan
from ganlab.tune.result import COMPLETE, CONFIRMATION, PRUNED
from ganlab.tune.row import RETRIED, STATES, Row, pace, row_of
from ganlab.values import Ending

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

CONFIRMED = 3
"""So many settings at most are played to the end with fresh seeds, if each does worse with them than the next one did
with those by which it was chosen."""


@dataclass(frozen=True)
class Standing:
    """The trials by number, and those that played the setting of another again with fresh seeds."""

    plan: Plan
    budget: float
    rows: tuple[Row, ...]
    confirmations: tuple[Row, ...] = ()

    @classmethod
    def of(cls, plan: Plan, trials: Sequence[FrozenTrial], budget: float) -> Standing:
        """The study's standing. `budget` is what one run is shown, in kimg."""
        paces = [known for each in trials if (known := pace(each)) is not None]
        usual = statistics.median(paces) if paces else 0.0
        rows = [row_of(each, plan, budget, usual) for each in trials]
        found, again = ([row for row in rows if row.again is wanted] for wanted in (False, True))
        return cls(plan, budget, tuple(found), tuple(again))

    @property
    def every(self) -> list[Row]:
        """All that was played, by number."""
        return sorted([*self.rows, *self.confirmations], key=lambda row: row.number)

    def having(self, *states: str) -> list[Row]:
        """The rows in one of these states."""
        return [row for row in self.rows if row.state in states]

    @property
    def states(self) -> dict[str, int]:
        """How many are in each state."""
        counts = {state: len(self.having(state)) for state in STATES}
        return {state: count for state, count in counts.items() if count}

    @cached_property
    def candidates(self) -> list[Row]:
        """Settings that keep what they must, by score, with fresh seeds if it is known: those that were played with all
        seeds, and after them those that were given up in comparison with others, after a seed or more."""
        sound = [row for row in self.having(COMPLETE, PRUNED) if row.feasible]
        begun = [row for row in sound if row.results and row.results[0].ending == Ending.FINISHED]
        return sorted(begun, key=lambda row: (row.state != COMPLETE, (self._confirmed(row) or row).score or 0.0))

    @property
    def leading(self) -> Row | None:
        """The first of them that has not failed to hold with fresh seeds."""
        holding = [row for row in self.candidates if self._holds(row)]
        confirmed = [row for row in holding if self._confirmed(row) is not None]
        return next(iter(confirmed if len(confirmed) >= CONFIRMED else holding), None)

    @cached_property
    def best(self) -> Row | None:
        """The same, if it was played with all seeds, or with fresh ones to their end."""
        leading = self.leading
        if leading is None or leading.state == COMPLETE:
            return leading
        return leading if self._confirmed(leading) is not None else None

    @property
    def confirmation(self) -> Row | None:
        """How the leading setting did with fresh seeds, or does."""
        return None if self.leading is None else self._again(self.leading)

    @property
    def refuted(self) -> list[Row]:
        """Settings that did not hold with fresh seeds."""
        return [row for row in self.candidates if not self._holds(row)]

    @property
    def overrated(self) -> list[tuple[Row, Row]]:
        """Settings that are not the best any more, since they did worse with fresh seeds, and how they did."""
        pairs = [(row, self._confirmed(row)) for row in self.candidates if row is not self.leading]
        return [(row, again) for row, again in pairs if again is not None]

    def _confirmed(self, row: Row) -> Row | None:
        """How it held with fresh seeds."""
        again = self._again(row)
        return again if again is not None and again.state == COMPLETE and again.feasible else None

    def _again(self, row: Row) -> Row | None:
        found = [each for each in self.confirmations if each.origin == CONFIRMATION + row.directory]
        return next((each for each in reversed(found) if each.state != RETRIED), None)

    def _holds(self, row: Row) -> bool:
        again = self._again(row)
        return again is None or (again.state != PRUNED and again.feasible)

    @cached_property
    def baseline(self) -> Row | None:
        """The recipe as it is, once it has been played."""
        return next((row for row in self.having(COMPLETE, PRUNED) if row.baseline), None)

    @property
    def seconds(self) -> float:
        """What was trained."""
        return sum(row.seconds for row in self.every)

    @property
    def saved(self) -> float:
        """What was not."""
        return sum(row.saved for row in self.rows)

    def told(self) -> dict[str, Any]:
        """As JSON knows it."""
        best, baseline, confirmation = self.best, self.baseline, self.confirmation
        return {
            "study": self.plan.name,
            "recipe": self.plan.recipe_name,
            "objective": self.plan.objective,
            "trials": self.plan.trials,
            "seeds": self.plan.seeds,
            "states": self.states,
            "best": None if best is None else best.told(),
            "baseline": None if baseline is None else baseline.told(),
            "confirmation": None if confirmation is None else confirmation.told(),
            "refuted": [row.number for row in self.refuted],
            "seconds": round(self.seconds, 1),
            "seconds_saved": round(self.saved, 1),
            "rows": [row.told() for row in self.rows],
        }
