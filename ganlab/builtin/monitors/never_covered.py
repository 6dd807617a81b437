"""Collapse from the start: halfway through its budget, a run still reaches next to nothing of the real data.

At 45 to 50 % of the budget, runs with a starved discriminator had a coverage of at most 0.11, healthy ones at least
0.30 (ring, grid and digits). Before that, "collapsed" and "not yet learnt" look the same, so nothing is said.

The raw generator tells more than the averaged one: over a generator that runs in circles, the average is a blob in the
middle of the data and near to all of it (digits with a starved discriminator: 0.53 averaged, 0.02 raw). But it is
unsteady, and measured rarely: two looks at a ring that was well found 0.19 and 0.21, where the average had 0.36 and
more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity, best_of
from ganlab.builtin.monitors.lasting import Change, Lasting
from ganlab.builtin.monitors.reading import coverages, named
from ganlab.builtin.monitors.suspects import Suspect, of_collapse, ranked
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]

LOOKS = 4
"""So often must the raw generator have been looked at before it decides."""

ALSO = (
    Suspect(
        "the discriminator learns too slowly for this generator",
        "the discriminator may be starved: raise its learning rate to the generator's, or add r1",
    ),
    Suspect("the budget is too short for these networks to learn the data", "give a larger budget_kimg"),
)


class NeverCovered(Monitor):
    """Finds a collapse from the start: half the budget is spent, and the data are not found.

    A finding if coverage has never been over `level` when the share `grace` of the budget is spent; over when it is.

    The coverage is the raw generator's once it was measured often enough, else the averaged one's; `measurement` names
    another number. With several fields each is judged apart.
    """

    def __init__(self, *, measurement: str | None = None, level: Share = 0.22, grace: Share = 0.48) -> None:
        self.measurement = measurement
        self.level = level
        self.grace = grace
        self.nowhere = Lasting(1)
        self.best: dict[str, float] = {}
        self.best_raw: dict[str, float] = {}
        """The same of the raw generator, which may be measured more rarely."""
        self.looks: dict[str, int] = {}
        """How often that was."""

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        if self.measurement is not None:
            reached, raw = named(measurements, self.measurement), {}
        else:
            reached, raw = coverages(measurements), coverages(measurements, raw=True)
        for best, values in ((self.best, reached), (self.best_raw, raw)):
            for field, value in values.items():
                best[field] = best_of(best.get(field, 0.0), value)
        for field in raw:
            self.looks[field] = self.looks.get(field, 0) + 1
        if progress.fraction < self.grace:
            return []
        found = []
        for field, value in {**reached, **raw}.items():
            deciding = self.best_raw if self.looks.get(field, 0) >= LOOKS or field not in self.best else self.best
            best_here = deciding[field]
            change = self.nowhere.hear(best_here < self.level, progress.kimg, field)
            if change is not None:
                evidence = {"coverage": value, "best": best_here}
                found.append(self._finding(change, field, evidence, measurements, progress))
        return found

    def _finding(
        self,
        change: Change,
        field: str,
        evidence: Mapping[str, float],
        measurements: Mapping[str, float],
        progress: Progress,
    ) -> Finding:
        best = evidence["best"]
        of = f" of '{field}'" if field else ""
        if change is Change.ENDED:
            sentence = f"the generator has found the data after all: it has reached {best:.0%} of the real samples{of}"
            return over("never-covered", sentence, progress, 0.0, evidence=evidence, subject=field)
        causes, advice = ranked(of_collapse(measurements, {}), ALSO)
        return trouble(
            "never-covered",
            f"the generator has not found the data: it has never reached more than {best:.0%} of the real samples{of} "
            f"in {progress.fraction:.0%} of the budget",
            Severity.CRITICAL,
            progress,
            0.0,
            evidence=evidence,
            causes=causes,
            advice=advice,
            subject=field,
        )

    def state(self) -> Mapping[str, Any]:
        return {
            "best": dict(self.best),
            "best_raw": dict(self.best_raw),
            "looks": dict(self.looks),
            "nowhere": self.nowhere.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        if not isinstance(state["best"], Mapping):  # of ganlab before fields were told apart
            self.best = {"": state["best"]}
            self.nowhere.restore({"": [True, 0, 0.0, 0.0]} if state["said"] else {})
            return
        self.best, self.best_raw = dict(state["best"]), dict(state["best_raw"])
        self.looks = dict(state.get("looks", dict.fromkeys(self.best_raw, LOOKS)))
        self.nowhere.restore(state["nowhere"])
