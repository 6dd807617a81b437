"""A generator that runs in circles: it makes one kind of data after the other, and comes no nearer to all of them.

To turn is no trouble in itself, since games that end well turn too. So three must agree: the samples hop far from tick
to tick, they have come no nearer to the data for some time, and the generator reaches little of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.harm import Harm
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import measured
from ganlab.builtin.monitors.suspects import Suspect, fallen_behind, ranked
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]

ALSO = (
    Suspect(
        "the discriminator follows the generator instead of leading it",
        "raise the discriminator's learning rate, or add terms.r1: the generator then has less reason to run away",
    ),
    Suspect("the optimiser's momentum keeps it running", "lower betas (0.0 or 0.5 for the first)"),
    Suspect("the learning rates are too high to settle", "lower players.<name>.optimizer.lr, or give a schedule"),
)


class Oscillation(Monitor):
    """Finds a generator that moves in circles, to its harm.

    A finding when, for `patience` ticks after the share `grace` of the budget, the mean of `oscillation/hop` over the
    last ticks is over `hop` nats and the mean of `oscillation/progress` below a tenth of that, while the generator
    has lost data or still reaches little of it.
    """

    def __init__(self, *, hop: Share = 0.3, grace: Share = 0.25, ticks: Patience = 5, patience: Patience = 3) -> None:
        self.hop = hop
        self.ticks = ticks
        self.harm = Harm(grace)
        self.circling = Lasting(patience)
        self.hops: list[float] = []
        self.gains: list[float] = []

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        suffers = self.harm.hear(measurements, progress)
        hop, gain = measured(measurements, "oscillation/hop"), measured(measurements, "oscillation/progress")
        if suffers is None or hop is None or gain is None:
            return []
        self.hops = [*self.hops, hop][-self.ticks :]
        self.gains = [*self.gains, gain][-self.ticks :]
        far, nearer = sum(self.hops) / len(self.hops), sum(self.gains) / len(self.gains)
        full = len(self.hops) == self.ticks
        change = self.circling.hear(full and suffers and far > self.hop and nearer < far / 10, progress.kimg)
        if change is None:
            return []
        began = self.circling.began()
        evidence = {"oscillation/hop": far, "oscillation/progress": nearer, "coverage": self.harm.reach or 0.0}
        if change is Change.ENDED:
            sentence = "the generator no longer runs in circles at its own cost"
            return [over("oscillation", sentence, progress, began, evidence=evidence)]
        causes, advice = ranked(fallen_behind(measurements), ALSO)
        return [
            trouble(
                "oscillation",
                f"the generator runs in circles: its samples hop from place to place ({far:.2f} of 0.69 nats a tick), "
                f"and reach {self.harm.reach or 0.0:.0%} of the data",
                Severity.WARNING,
                progress,
                began,
                evidence=evidence,
                causes=causes,
                advice=advice,
            )
        ]

    def state(self) -> Mapping[str, Any]:
        return {
            "harm": self.harm.state(),
            "circling": self.circling.state(),
            "hops": list(self.hops),
            "gains": list(self.gains),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.harm.restore(state["harm"])
        self.circling.restore(state["circling"])
        self.hops, self.gains = list(state["hops"]), list(state["gains"])
