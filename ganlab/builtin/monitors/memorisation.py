"""The generator gives back training data instead of making its own.

No single number tells copies from other failings: a collapsed generator is near a few training data too. So two must
agree, and the generator must reach its data: of what lies on one point, nothing is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import coverages, measured
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]


class Memorisation(Monitor):
    """Finds a generator that gives back training data.

    A finding when, for `patience` ticks, at least two of these that are measured, and none that is measured does not
    hold: `authenticity` (share of fakes farther from a training sample than that is from its own neighbour; 0.5 for new
    data) below `authenticity`, `ct` (how much nearer to training data than new data are, in standard deviations) below
    `ct`, `nearest-ratio` (distance to training data over distance to held-out data; 1 for new data) below `ratio`.
    """

    def __init__(
        self,
        *,
        authenticity: Share = 0.2,
        ct: Annotated[float, Option(lt=0)] = -3.0,
        ratio: Share = 0.6,
        reach: Share = 0.3,
        patience: Patience = 3,
    ) -> None:
        self.limits = {"authenticity": authenticity, "ct": ct, "nearest-ratio": ratio}
        self.reach = reach
        self.copying = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        told = {
            name: value for name in self.limits if (value := measured(measurements, name, f"{name}/raw")) is not None
        }
        if len(told) < 2:
            return []
        averaged = coverages(measurements)
        reached = (averaged or coverages(measurements, raw=True)).values()
        holds = all(value >= self.reach for value in reached) and all(
            value < self.limits[name] for name, value in told.items()
        )
        change = self.copying.hear(holds, progress.kimg)
        if change is None:
            return []
        if change is Change.ENDED:
            sentence = "the generator no longer copies training data"
            return [over("memorisation", sentence, progress, self.copying.began(), evidence=told)]
        numbers = ", ".join(f"{name} {value:.2g}" for name, value in told.items())
        return [
            trouble(
                "memorisation",
                f"the generator copies training data: its samples are nearer to them than new data are ({numbers})",
                Severity.WARNING,
                progress,
                self.copying.began(),
                evidence=told,
                causes=(
                    "there are too few training data for so large a generator and so long a run",
                    "the discriminator knows the training data by heart and teaches the generator to copy",
                ),
                advice='give more data or an augmentation ({ name = "ada" }), or a smaller budget_kimg',
            )
        ]

    def state(self) -> Mapping[str, Any]:
        return {"copying": self.copying.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.copying.restore(state["copying"])
