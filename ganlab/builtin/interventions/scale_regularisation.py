"""Raise or lower the weight of a penalty while a finding stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganlab import Action, Finding, Intervention, Progress, ScaleWeight
from ganlab.builtin.interventions.choosing import Factor, Positive, within


class ScaleRegularisation(Intervention):
    """Raises or lowers the weight of a penalty while a finding stands.

    Multiplies the weight of `term` by `factor` while one of `monitors` has a finding that stands, each time it may
    act, as long as the weight it leads to lies from `least` to `most`.

    A weight of 0 stays 0: `switch-on` gives one.
    """

    def __init__(
        self,
        *,
        term: str = "r1",
        factor: Factor = 2.0,
        monitors: tuple[str, ...] = ("discriminator-dominates", "discriminator-over-fits", "divergence"),
        least: Positive | None = None,
        most: Positive | None = None,
    ) -> None:
        self.term = term
        self.factor = factor
        self.monitors = monitors
        self.least = least
        self.most = most

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        weight = measurements.get(f"weight/{self.term}", 0.0)
        if not findings or weight == 0 or not within(weight * self.factor, self.least, self.most):
            return []
        return [ScaleWeight(self.term, self.factor)]

    def may_ask(self) -> Iterable[Action]:
        return [ScaleWeight(self.term, self.factor)]
