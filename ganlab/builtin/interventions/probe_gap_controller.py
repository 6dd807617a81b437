"""Keeps a discriminator up with the generator: it learns faster as long as it is found to be stale.

Doubling the rate while a copy gained more than 0.3 nats repaired 5 of 5 rings that a starved discriminator had let
collapse; following the costs, which were ln 4 all the time, repaired none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field as Option

from ganlab import Action, Finding, Intervention, Progress, ScaleLearningRate
from ganlab.builtin.interventions.choosing import rates

GAP = "probe-gap/"


class ProbeGapController(Intervention):
    """Speeds up a discriminator that has fallen behind, until it keeps up.

    Multiplies by `factor` the learning rate of a discriminator while the finding that it is stale stands and its
    probe gap is over `threshold` nats, as long as its rate is below `most` times the generator's.

    Needs the diagnostic `probe-gap`, and acts at ticks at which that is asked: give it `every = 1` or 2. Needs the
    monitor `stale-discriminator`. It lowers no rate again: a rate that keeps the gap small is one the game needs.
    """

    def __init__(
        self,
        *,
        monitors: tuple[str, ...] = ("stale-discriminator",),
        factor: Annotated[float, Option(gt=1, le=100)] = 2.0,
        threshold: Annotated[float, Option(gt=0, le=10)] = 0.3,
        most: Annotated[float, Option(gt=0, le=1000)] = 2.0,
    ) -> None:
        self.monitors = monitors
        self.factor = factor
        self.threshold = threshold
        self.most = most

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        gaps = {name.removeprefix(GAP): value for name, value in measurements.items() if name.startswith(GAP)}
        known = rates(measurements)
        against = [rate for player, rate in known.items() if player not in gaps]
        bound = self.most * sorted(against)[-1] if against else float("inf")
        stale = dict.fromkeys(finding.subject for finding in findings)
        return [
            ScaleLearningRate(player, self.factor)
            for player in stale
            if player in known and gaps.get(player, 0.0) > self.threshold and known[player] < bound
        ]
