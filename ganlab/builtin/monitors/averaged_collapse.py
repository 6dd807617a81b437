"""The generator that plays is fine, and the average of its weights is not.

An average over too long a time mixes networks that no longer do the same, and what is exported is the average. Both
coverages must be measured: `{ name = "coverage" }` and `{ name = "coverage", weights = "raw" }`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import coverages
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]

CAUSES = (
    "the average forgets too slowly: it still holds weights from before the generator learnt what it now can",
    "the generator turns in circles faster than the average forgets, and the middle of the circle makes nothing",
    "running statistics of the averaged network (batch norm) do not fit its weights",
)


class AveragedCollapse(Monitor):
    """Finds an averaged generator that collapsed while the raw one did not.

    A finding when, for `patience` ticks after the share `grace` of the budget, the raw generator covers at least
    `arm` of the data, and the averaged one less than `ratio` of that.
    """

    def __init__(self, *, ratio: Share = 0.5, arm: Share = 0.3, grace: Share = 0.2, patience: Patience = 3) -> None:
        self.ratio = ratio
        self.arm = arm
        self.grace = grace
        self.low = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        found = []
        averaged = coverages(measurements)
        for field, raw in coverages(measurements, raw=True).items():
            if field not in averaged or progress.fraction < self.grace:
                continue
            value = averaged[field]
            change = self.low.hear(raw >= self.arm and value < self.ratio * raw, progress.kimg, field)
            began, evidence = self.low.began(field), {"coverage": value, "coverage/raw": raw}
            if change is Change.ENDED:
                sentence = f"the averaged generator follows the raw one again: {value:.0%} and {raw:.0%} of the data"
                found.append(over("averaged-collapse", sentence, progress, began, evidence=evidence, subject=field))
            elif change is Change.BEGAN:
                found.append(
                    trouble(
                        "averaged-collapse",
                        f"only the averaged generator has collapsed: it reaches {value:.0%} of the real samples, the "
                        f"raw one {raw:.0%}",
                        Severity.WARNING,
                        progress,
                        began,
                        evidence=evidence,
                        causes=CAUSES,
                        advice="lower players.generator.ema_half_life_kimg, or give ema_ramp_up; until then sample "
                        "the raw weights",
                        subject=field,
                    )
                )
        return found

    def state(self) -> Mapping[str, Any]:
        return {"low": self.low.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.low.restore(state["low"])
