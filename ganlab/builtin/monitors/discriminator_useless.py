"""A discriminator that cannot tell fakes from real data teaches nothing.

At the end of a perfect game it cannot either, so it is a trouble only while the fakes are poor.
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

Share = Annotated[float, Option(gt=0, lt=1)]


class DiscriminatorUseless(Monitor):
    """Finds a discriminator that cannot tell fakes, although they are poor.

    A finding for each view whose discriminator has an AUC below `auc` for `patience` ticks, while the generator
    has lost data, or after the share `grace` of the budget still reaches little of it.
    """

    def __init__(self, *, auc: Share = 0.6, grace: Share = 0.3, patience: Patience = 3) -> None:
        self.auc = auc
        self.harm = Harm(grace)
        self.blind = Lasting(patience)

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        suffers = self.harm.hear(measurements, progress)
        if suffers is None:
            return []
        found = []
        for view, auc in by_subject(measurements, "balance", "auc").items():
            change = self.blind.hear(suffers and auc < self.auc, progress.kimg, view)
            if change is not None:
                found.append(self._finding(change, view, auc, progress))
        return found

    def _finding(self, change: Change, view: str, auc: float, progress: Progress) -> Finding:
        began, player, reach = self.blind.began(view), view.partition("/")[0], self.harm.reach or 0.0
        evidence = {f"balance/{view}/auc": auc, "coverage": reach}
        if change is Change.ENDED:
            sentence = f"the discriminator '{view}' tells fakes from real data again, or they are good"
            return over("discriminator-useless", sentence, progress, began, evidence=evidence, subject=view)
        return trouble(
            "discriminator-useless",
            f"the discriminator '{view}' cannot tell the fakes (AUC {auc:.2f}), although they reach only {reach:.0%} "
            "of the data: it teaches nothing",
            Severity.WARNING,
            progress,
            began,
            evidence=evidence,
            causes=(
                f"'{player}' learns too slowly, and answers fakes the generator no longer makes",
                "a penalty, a norm or an augmentation leaves it nothing to see",
                f"'{player}' is too small for the data",
            ),
            advice=f"raise players.{player}.optimizer.lr to the generator's, or lower terms.r1.weight",
            subject=view,
        )

    def state(self) -> Mapping[str, Any]:
        return {"harm": self.harm.state(), "blind": self.blind.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.harm.restore(state["harm"])
        self.blind.restore(state["blind"])
