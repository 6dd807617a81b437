"""Sudden collapse: coverage fell far below the best this run has had.

Judging the drop from the run's own best, and not a level, found 27 of 27 induced collapses at the second tick after
the fault, with no false finding in 40 healthy or harmlessly disturbed runs (ring, grid and digits).

A generator that loses half of the kinds it made, and makes the others better, keeps its coverage (a grid of 25 modes
that fell to 10: 0.35 before and after). The wide coverage falls from 0.95 to 0.6. The other way round, samples that
grow blurred or narrow lose coverage while all kinds are still made (digits with relativistic pairing: 0.45 to 0.28, and
back to 0.6; wide 0.9 throughout): that is no collapse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity, best_of
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reach import RAW, WIDE, Reach
from ganlab.builtin.monitors.reading import coverages, named
from ganlab.builtin.monitors.suspects import FASTER, Suspect, of_collapse, ranked, remember, speeds
from ganlab.builtin.monitors.telling import over, trouble
from ganlab.builtin.monitors.usual import Usual

Share = Annotated[float, Option(gt=0, lt=1)]

ALSO = (
    Suspect(
        "a learning rate is too high for the game as it is now",
        "go back to a checkpoint from before, and lower players.<name>.optimizer.lr or add terms.r1",
    ),
    Suspect("nothing holds the discriminator's slope down", "add terms.r1, or raise its weight"),
)


KINDS = {"averaged": ("coverage", False), "raw": ("coverage", True), "wide": ("coverage-wide", False)}
"""What each coverage that is judged is called, and whether it is the raw generator's."""

RATIOS = {"raw": RAW, "wide": WIDE}

NEAR = 0.75
"""While so much of the best wide coverage is left, all kinds are made."""


class LostCoverage(Monitor):
    """Finds a sudden collapse: coverage fell far below the best it was.

    A finding when coverage stays below `ratio` of its smoothed best for `patience` ticks, once it was over `arm`.

    Judged are the averaged generator's wide coverage, which must fall to 0.7 of its best, and the raw generator's, to
    0.3, where they are measured; and the averaged generator's, which counts only while the wide one, if it is measured,
    is below 0.75 of its best. Or the one number that `measurement` names. With several fields each is judged apart.
    """

    def __init__(
        self,
        *,
        measurement: str | None = None,
        ratio: Share = 0.65,
        arm: Share = 0.3,
        smoothing: Share = 0.5,
        patience: Patience = 2,
    ) -> None:
        self.measurement = measurement
        self.reach = Reach(ratio, arm, smoothing)
        self.low = Lasting(patience)
        self.usual = Usual()
        self.faster: dict[str, float] = {}
        """How many times as far as usual each player moved in a step since coverage fell, at most."""

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        found = []
        for field, values in self._reached(measurements).items():
            before = self._standing(field)
            lost = self._lost(field, values)
            for of, each in lost.items():  # counted apart, since the raw one may be measured more rarely
                self.low.hear(each, progress.kimg, f"{field}/{of}")
            now = self._standing(field)
            if any(lost.values()):
                for player, times in speeds(measurements, self.usual).items():
                    self.faster[player] = best_of(self.faster.get(player, 0.0), times)
            if now and not before:
                found.append(self._finding(Change.BEGAN, field, now[0], values, measurements, progress))
            elif before and not now:
                found.append(self._finding(Change.ENDED, field, before[0], values, measurements, progress))
            elif not now and not any(lost.values()):
                remember(measurements, self.usual)
                self.faster = {}
        return found

    def _lost(self, field: str, values: Mapping[str, float]) -> dict[str, bool]:
        """Which of a field's coverages are lost at this tick."""
        lost = {of: self.reach.lost(f"{field}/{of}", value, RATIOS.get(of)) for of, value in values.items()}
        if "wide" in values and values["wide"] >= NEAR * self.reach.best[f"{field}/wide"]:
            lost["averaged"] = False
        return lost

    def _standing(self, field: str) -> list[str]:
        """Which of a field's coverages are lost."""
        return [of for of in KINDS if self.low.stands(f"{field}/{of}")]

    def _reached(self, measurements: Mapping[str, float]) -> dict[str, dict[str, float]]:
        """By field, the coverages that were measured, by kind."""
        if self.measurement is not None:
            return {field: {"averaged": value} for field, value in named(measurements, self.measurement).items()}
        found: dict[str, dict[str, float]] = {}
        for of, (name, raw) in KINDS.items():
            for field, value in coverages(measurements, raw=raw, of=name).items():
                found.setdefault(field, {})[of] = value
        return found

    def _finding(
        self,
        change: Change,
        field: str,
        which: str,
        values: Mapping[str, float],
        measurements: Mapping[str, float],
        progress: Progress,
    ) -> Finding:
        name, value = f"{field}/{which}", values[which]
        began, best = self.low.began(name), self.reach.best[name]
        evidence = {KINDS[which][0]: value, "best": best}
        does = "comes near" if which == "wide" else "reaches"
        of = f" of '{field}'" if field else ""
        if change is Change.ENDED:
            sentence = f"the generator {does} {value:.0%} of the real samples{of} again, after {best:.0%} at best"
            return over("lost-coverage", sentence, progress, began, evidence=evidence, subject=field)
        evidence |= {f"update-ratio/{player}": times for player, times in self.faster.items() if times > FASTER}
        causes, advice = ranked(of_collapse(measurements, self.faster), ALSO)
        return trouble(
            "lost-coverage",
            f"the generator has collapsed: it {does} {value:.0%} of the real samples{of}, down from {best:.0%}",
            Severity.CRITICAL,
            progress,
            began,
            evidence=evidence,
            causes=causes,
            advice=advice,
            subject=field,
        )

    def state(self) -> Mapping[str, Any]:
        return {
            "reach": self.reach.state(),
            "low": self.low.state(),
            "usual": self.usual.state(),
            "faster": dict(self.faster),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        if "reach" not in state:  # of a ganlab that knew one coverage alone
            smoothed, since = state["smoothed"], state["since"]
            self.reach.restore(
                {"smoothed": {} if smoothed is None else {"/averaged": smoothed}, "best": {"/averaged": state["best"]}}
            )
            self.low.restore({} if since is None else {"/averaged": [False, state["for"], since, since]})
            return
        self.reach.restore(state["reach"])
        self.low.restore(state["low"])
        self.usual.restore(state["usual"])
        self.faster = dict(state["faster"])
