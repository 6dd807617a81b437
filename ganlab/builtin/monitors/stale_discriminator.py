"""A discriminator that has fallen behind the generator lets it collapse, and no cost shows it.

How much it could still learn is the probe gap: what a copy of it gains by a few steps against the same generator. A
discriminator held back by R1 is always behind its copies, in healthy runs too (digits: 0.5 to 1.1 nats), so a gap is
told only while the generator suffers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Option

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.harm import Harm
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.reading import by_subject
from ganlab.builtin.monitors.telling import over, trouble

Gap = Annotated[float, Option(gt=0, le=10)]
Share = Annotated[float, Option(ge=0, lt=1)]


class StaleDiscriminator(Monitor):
    """Finds a discriminator that has fallen behind the generator, to the generator's harm.

    A finding for each player whose `probe-gap` stays above `threshold` nats for `patience` ticks, while the
    generator has lost data, or after the share `grace` of the budget still reaches little of it.
    """

    def __init__(
        self,
        *,
        threshold: Gap = 0.3,
        grace: Share = 0.25,
        patience: Patience = 2,
    ) -> None:
        self.threshold = threshold
        self.harm = Harm(grace)
        self.behind = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        suffers = self.harm.hear(measurements, progress)
        gaps = by_subject(measurements, "probe-gap")
        if suffers is None:
            return []
        found = []
        for player, gap in gaps.items():
            change = self.behind.hear(suffers and gap > self.threshold, progress.kimg, player)
            if change is not None:
                found.append(self._finding(change, player, gap, measurements, progress))
        return found

    def _finding(
        self, change: Change, player: str, gap: float, measurements: Mapping[str, float], progress: Progress
    ) -> Finding:
        began = self.behind.began(player)
        evidence = {f"probe-gap/{player}": gap, "coverage": self.harm.reach or 0.0}
        if change is Change.ENDED:
            sentence = (
                f"'{player}' no longer lags at the generator's cost: it reaches {self.harm.reach or 0.0:.0%} of the "
                f"data, and a few steps would gain '{player}' {gap:.2f} nats"
            )
            return over("stale-discriminator", sentence, progress, began, evidence=evidence, subject=player)
        rates = by_subject(measurements, "learning-rate")
        fastest = sorted([0.0, *(rate for name, rate in rates.items() if name != player)])[-1]
        causes = ["the generator learns faster than the discriminator can follow"]
        if (rate := rates.get(player)) is not None:
            evidence[f"learning-rate/{player}"] = rate
            if fastest > rate:
                causes.insert(
                    0, f"its learning rate ({rate:.1g}) is {fastest / rate:.3g} times less than the generator's"
                )
        causes.append("a penalty or a norm holds it back too much (terms.r1.weight)")
        return trouble(
            "stale-discriminator",
            f"'{player}' has fallen behind the generator: a few steps of its own would gain it {gap:.2f} nats, and the "
            f"generator reaches {self.harm.reach or 0.0:.0%} of the data",
            Severity.WARNING,
            progress,
            began,
            evidence=evidence,
            causes=tuple(causes),
            advice=f"raise players.{player}.optimizer.lr, or let '{player}' move more often (phases); the intervention "
            "probe-gap-controller does it",
            subject=player,
        )

    def state(self) -> Mapping[str, Any]:
        return {"harm": self.harm.state(), "behind": self.behind.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.harm.restore(state["harm"])
        self.behind.restore(state["behind"])
