"""The rest of the budget buys nothing: the best came long ago.

Only numbers that measure a distance to the data are judged; coverage is full before the samples are sharp.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting
from ganlab.builtin.monitors.reading import measured, variants
from ganlab.builtin.monitors.telling import over, trouble

Share = Annotated[float, Option(gt=0, lt=1)]

DISTANCES = ("frechet-excess", "fid", "frechet", "kid", "mmd", "sliced-wasserstein")
"""Lower is better; the first that is measured is judged, in whichever variant."""


class StalledQuality(Monitor):
    """Notes that a distance to the data has long not become better.

    A note when a distance to the data has not become better by the share `margin` for the share `without` of the
    budget. `measurement` names another number, of which less is better. It says where the best was.
    """

    def __init__(self, *, measurement: str | None = None, without: Share = 0.4, margin: Share = 0.05) -> None:
        self.measurement = measurement
        self.without = without
        self.margin = margin
        self.stalled = Lasting(1)
        self.best: tuple[float, float, float] | None = None
        """The best value, and where it was: kimg, and share of the budget."""

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        name, value = self._quality(measurements)
        if value is None:
            return []
        if self.best is None or value < self.best[0] - self.margin * abs(self.best[0]):
            self.best = (value, progress.kimg, progress.fraction)
        best, where, share = self.best
        noise = measured(measurements, name.replace("excess", "floor")) if name.startswith("frechet-excess") else None
        # What came down to the noise cannot be seen to become better.
        in_the_noise = best <= (noise or 0.0)
        stalls = progress.fraction - share >= self.without and not in_the_noise
        change = self.stalled.hear(stalls, progress.kimg)
        if change is None:
            return []
        evidence = {name: value, "best": best, "best-kimg": where}
        if change is Change.ENDED:
            sentence = f"{name} becomes better again: {value:.3g}"
            return [over("stalled-quality", sentence, progress, self.stalled.began(), evidence=evidence)]
        return [
            trouble(
                "stalled-quality",
                f"{name} has not become better since {where:g} kimg: {best:.3g} there, {value:.3g} now",
                Severity.NOTE,
                progress,
                where,
                evidence=evidence,
                causes=(
                    "the networks have learnt what they can",
                    "the learning rates are too high to come closer: no schedule lowers them",
                ),
                advice=f"take the checkpoint nearest to {where:g} kimg, or end the run; a schedule that lowers the "
                "learning rates (players.<name>.schedule) may help",
            )
        ]

    def _quality(self, measurements: Mapping[str, float]) -> tuple[str, float | None]:
        for name in DISTANCES if self.measurement is None else (self.measurement,):
            for variant in variants(name):
                value = measured(measurements, variant)
                if value is not None:
                    return variant, value
        return "", None

    def state(self) -> Mapping[str, Any]:
        return {"stalled": self.stalled.state(), "best": None if self.best is None else list(self.best)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.stalled.restore(state["stalled"])
        if (best := state["best"]) is None:
            self.best = None
        else:
            value, kimg, share = best
            self.best = (value, kimg, share)
