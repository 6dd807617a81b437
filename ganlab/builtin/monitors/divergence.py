"""Numbers that run away: gradients, costs or logits many times larger than they were while all was well.

Each number is judged by its own past, since a gradient of 100 is healthy in one game and the end of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import by_subject
from ganlab.builtin.monitors.suspects import Suspect, ranked, remember, speeds, too_fast
from ganlab.builtin.monitors.telling import over, trouble
from ganlab.builtin.monitors.usual import Usual

Factor = Annotated[float, Option(gt=1)]


class Divergence(Monitor):
    """Finds gradients, costs and logits that run away.

    A finding for each player whose gradient's norm stays `gradient` times over what is usual for it and over
    `least`, or whose logits stand more than `gap` and `cost` times as far apart as usual, or whose cost is `cost` times
    its usual size and more than `gap`, for `patience` ticks.
    """

    def __init__(
        self,
        *,
        gradient: Factor = 30.0,
        least: Annotated[float, Option(ge=0)] = 10.0,
        cost: Factor = 10.0,
        gap: Annotated[float, Option(gt=0)] = 20.0,
        patience: Patience = 2,
    ) -> None:
        self.gradient = gradient
        self.least = least
        self.cost = cost
        self.gap = gap
        self.away = Lasting(patience)
        self.usual = Usual()

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        gradients = by_subject(measurements, "gradient-norm")
        costs = by_subject(measurements, "cost")
        # The record of another program tells costs alone.
        players = list(gradients) or [name for name in costs if "/" not in name]
        gaps = by_subject(measurements, "balance", "logit-gap")
        found = []
        for player in players:
            numbers = {}
            if player in gradients:
                numbers[f"gradient-norm/{player}"] = (gradients[player], self.gradient, self.least)
            if player in costs:
                numbers[f"cost/{player}"] = (abs(costs[player]), self.cost, self.gap)
            for view, gap in gaps.items():
                if view.partition("/")[0] == player:
                    numbers[f"balance/{view}/logit-gap"] = (abs(gap), self.cost, self.gap)
            ratios = {
                name: value / (usual or 1e-12)
                for name, (value, factor, least) in numbers.items()
                if (usual := self.usual.of(name)) is not None and value > factor * usual and value > least
            }
            change = self.away.hear(bool(ratios), progress.kimg, player)
            if not ratios and not self.away.stands(player):
                for name, (value, _, _) in numbers.items():
                    self.usual.add(name, value)
            if change is not None:
                evidence = {name: measurements[name] for name in ratios or numbers}
                found.append(self._finding(change, player, ratios, evidence, measurements, progress))
        if not any(self.away.stands(player) or self.away.waits(player) for player in players):
            remember(measurements, self.usual)
        return found

    def _finding(
        self,
        change: Change,
        player: str,
        ratios: Mapping[str, float],
        evidence: Mapping[str, float],
        measurements: Mapping[str, float],
        progress: Progress,
    ) -> Finding:
        began = self.away.began(player)
        if change is Change.ENDED:
            sentence = f"the numbers of '{player}' are of their usual size again"
            return over("divergence", sentence, progress, began, evidence=evidence, subject=player)
        worst = sorted(ratios, key=lambda name: ratios[name])[-1]
        slope = Suspect(
            f"nothing holds the slope of '{player}' down",
            f"go back to a checkpoint from before, lower players.{player}.optimizer.lr, and add terms.r1 or raise its "
            "weight",
        )
        rate = Suspect(f"the learning rate of '{player}' is too high", slope.advice)
        causes, advice = ranked(too_fast(speeds(measurements, self.usual)), (rate, slope))
        return trouble(
            "divergence",
            f"'{player}' runs away: {worst} is {evidence[worst]:.3g}, {ratios[worst]:.0f} times what is usual",
            Severity.CRITICAL,
            progress,
            began,
            evidence=evidence,
            causes=causes,
            advice=advice,
            subject=player,
        )

    def state(self) -> Mapping[str, Any]:
        return {"away": self.away.state(), "usual": self.usual.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.away.restore(state["away"])
        self.usual.restore(state["usual"])
