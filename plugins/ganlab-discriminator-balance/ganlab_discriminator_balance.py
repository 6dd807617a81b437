"""A discriminator that has fallen behind lets the generator collapse, and the losses do not show it.

ganlab's own diagnostic `probe-gap` measures how much it could still learn. Here a monitor judges that number, and an
intervention acts on what the monitor finds: neither knows more of the run than the numbers of each tick.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

import ganlab

PROBE = "probe-gap/"
MONITOR = "outpaced-discriminator"

Gap = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class OutpacedDiscriminator(ganlab.Monitor):
    """A finding when a discriminator's probe stays above `threshold` nats for `patience` ticks; again if it recovers
    and falls behind once more."""

    def __init__(self, *, threshold: Gap = 0.3, patience: Annotated[int, Field(ge=1)] = 2) -> None:
        self.threshold = threshold
        self.patience = patience
        self.behind: dict[str, list[float]] = {}
        """By player: ticks above the threshold, and the kimg of the first."""

    def judge(self, measurements: Mapping[str, float], progress: ganlab.Progress) -> Iterable[ganlab.Finding]:
        found = []
        for name, gap in measurements.items():
            if not name.startswith(PROBE) or math.isnan(gap):
                continue
            player = name.removeprefix(PROBE)
            if gap <= self.threshold:
                self.behind.pop(player, None)
                continue
            ticks, since = self.behind.get(player, [0, progress.kimg])
            self.behind[player] = [ticks + 1, since]
            if ticks + 1 == self.patience:
                found.append(self._finding(player, gap, since, progress))
        return found

    def _finding(self, player: str, gap: float, since: float, progress: ganlab.Progress) -> ganlab.Finding:
        return ganlab.Finding(
            monitor=MONITOR,
            sentence=f"'{player}' has fallen behind the generator: a few steps of its own would gain it {gap:.2f} nats",
            severity=ganlab.Severity.WARNING,
            kimg=progress.kimg,
            round=progress.round,
            began_kimg=since,
            evidence={PROBE + player: gap, "threshold": self.threshold},
            advice=f"raise the learning rate of '{player}', let it move more often, or lower the generator's rate",
        )

    def state(self) -> Mapping[str, Any]:
        return {"behind": {player: list(each) for player, each in self.behind.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.behind = {player: list(each) for player, each in state["behind"].items()}


class SpeedUpDiscriminator(ganlab.Intervention):
    """Multiplies the learning rate of a discriminator that has fallen behind by `factor`, and again at every tick at
    which its probe is still above `until` nats; at most `limit` times per player in a run."""

    def __init__(
        self,
        *,
        factor: Annotated[float, Field(gt=1, le=100)] = 2.0,
        until: Gap = 0.3,
        limit: Annotated[int, Field(ge=1)] = 5,
    ) -> None:
        self.factor = factor
        self.until = until
        self.limit = limit
        self.helped: list[str] = []
        self.times: dict[str, int] = {}

    def answer(
        self, findings: tuple[ganlab.Finding, ...], measurements: Mapping[str, float], progress: ganlab.Progress
    ) -> Iterable[ganlab.Action]:
        fallen = [
            name.removeprefix(PROBE)
            for finding in findings
            if finding.monitor == MONITOR
            for name in finding.evidence
            if name.startswith(PROBE)
        ]
        still = [player for player in self.helped if measurements.get(PROBE + player, math.inf) > self.until]
        self.helped = list(dict.fromkeys([*still, *fallen]))
        due = [
            player
            for player in self.helped
            if player in fallen or measurements.get(PROBE + player, -math.inf) > self.until
        ]
        due = [player for player in due if self.times.get(player, 0) < self.limit]
        for player in due:
            self.times[player] = self.times.get(player, 0) + 1
        return [ganlab.ScaleLearningRate(player, self.factor) for player in due]

    def state(self) -> Mapping[str, Any]:
        return {"helped": list(self.helped), "times": dict(self.times)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.helped, self.times = list(state["helped"]), dict(state["times"])


@ganlab.hookimpl
def ganlab_register_monitors() -> dict[str, type[ganlab.Monitor]]:
    return {MONITOR: OutpacedDiscriminator}


@ganlab.hookimpl
def ganlab_register_interventions() -> dict[str, type[ganlab.Intervention]]:
    return {"speed-up-discriminator": SpeedUpDiscriminator}
