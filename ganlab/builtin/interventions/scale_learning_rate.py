"""Raise or lower a player's learning rate while a finding stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganlab import Action, Finding, Intervention, Progress, ScaleLearningRate
from ganlab.builtin.interventions.choosing import Factor, Positive, players_at_fault, rates, within


class ScaleRate(Intervention):
    """Raises or lowers a player's learning rate while a finding stands.

    Multiplies the learning rate of `player` by `factor` while one of `monitors` has a finding that stands, each time
    it may act, as long as the rate it leads to lies from `least` to `most`.

    Without `player` it is the player the finding is about: its subject, or the judge of the view that is its subject,
    or the one that moved too far when the generator collapsed.
    """

    def __init__(
        self,
        *,
        monitors: tuple[str, ...],
        factor: Factor,
        player: str | None = None,
        least: Positive | None = None,
        most: Positive | None = None,
    ) -> None:
        self.monitors = monitors
        self.player = player
        self.factor = factor
        self.least = least
        self.most = most

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        known = rates(measurements)
        named = [self.player] if self.player is not None and findings else players_at_fault(findings, measurements)
        return [
            ScaleLearningRate(player, self.factor)
            for player in named
            if player not in known or within(known[player] * self.factor, self.least, self.most)
        ]

    def may_ask(self) -> Iterable[Action]:
        return [] if self.player is None else [ScaleLearningRate(self.player, self.factor)]
