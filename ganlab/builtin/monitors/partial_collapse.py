"""A generator that makes some kinds of real data well, and others never: a collapse that neither falls nor stays low.

Coverage alone does not tell it: a generator that has left out three modes of eight covers as much as one that makes all
of them too narrow. But left-out kinds are cells of the data that get nothing at all, and those are counted by the
diagnostic `bins`: `ndb-under` is the share of the real data in cells that get clearly too little. Rings with 8 of 8
modes had at most 0.34, rings with modes that were lost or smeared 0.54 and more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import coverages, measured
from ganlab.builtin.monitors.suspects import Suspect, of_collapse, ranked
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]

ALSO = (
    Suspect("the discriminator forgets the kinds it is no longer shown fakes of", "add terms.r1, or raise its weight"),
    Suspect(
        "the discriminator moves too fast: the generator finds a few kinds that pass, and stays there",
        "lower the discriminator's learning rate, or add terms.r1",
    ),
    Suspect("the batch is too small to show every kind of data", "raise batch_size"),
)


class PartialCollapse(Monitor):
    """Finds a generator that leaves kinds of data out.

    A finding when, for `patience` ticks after the share `grace` of the budget, at least the share `missed` of the
    real data lies in cells that get clearly too little, while at least `reach` of it is covered: with less, the
    collapse is not a partial one.
    """

    def __init__(self, *, missed: Share = 0.5, reach: Share = 0.1, grace: Share = 0.4, patience: Patience = 4) -> None:
        self.missed = missed
        self.reach = reach
        self.grace = grace
        self.without = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        missed = measured(measurements, "ndb-under", "ndb-under-training")
        if missed is None or progress.fraction < self.grace:
            return []
        reached = coverages(measurements)
        holds = missed >= self.missed and all(value >= self.reach for value in reached.values())
        change = self.without.hear(holds, progress.kimg)
        if change is None:
            return []
        evidence = {"ndb-under": missed, **{f"coverage/{field}".rstrip("/"): value for field, value in reached.items()}}
        if change is Change.ENDED:
            sentence = f"the generator makes all kinds of data again, or none: {missed:.0%} of the data get too little"
            return [over("partial-collapse", sentence, progress, self.without.began(), evidence=evidence)]
        causes, advice = ranked(of_collapse(measurements, {}), ALSO)
        return [
            trouble(
                "partial-collapse",
                f"the generator leaves kinds of data out: {missed:.0%} of the real samples are of kinds it makes far "
                "too rarely",
                Severity.WARNING,
                progress,
                self.without.began(),
                evidence=evidence,
                causes=causes,
                advice=advice,
            )
        ]

    def state(self) -> Mapping[str, Any]:
        return {"without": self.without.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.without.restore(state["without"])
