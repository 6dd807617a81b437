"""A discriminator that tells every fake for sure leaves the generator nothing to go by.

It is a trouble only where somebody suffers: in healthy runs of dcgan the discriminator tells 95 % and more.
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
from ganlab.builtin.monitors.usual import Usual

Share = Annotated[float, Option(gt=0, lt=1)]

APART = 0.5
"""Logits that are less apart tell nothing for sure."""

VANISHED = 0.03
"""A gradient of less than so much of what was usual has vanished."""


class DiscriminatorDominates(Monitor):
    """Finds a discriminator that wins, to the generator's harm.

    A finding for each view whose discriminator tells fakes from real data nearly always (logits more than `gap`
    apart, or an AUC over `auc`, or a share of `sign` more reals above 0 than below) for `patience` ticks, while the
    generator has lost data, after the share `grace` of the budget still reaches little of it, or hears nothing: its
    gradient has vanished.
    """

    def __init__(
        self,
        *,
        gap: Annotated[float, Option(gt=0)] = 3.0,
        auc: Share = 0.95,
        sign: Share = 0.9,
        grace: Share = 0.3,
        patience: Patience = 3,
    ) -> None:
        self.gap = gap
        self.auc = auc
        self.sign = sign
        self.harm = Harm(grace)
        self.winning = Lasting(patience)
        self.usual = Usual()

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        suffers = self.harm.hear(measurements, progress)
        gaps = by_subject(measurements, "balance", "logit-gap")
        aucs = by_subject(measurements, "balance", "auc")
        signs = by_subject(measurements, "balance", "sign-real")
        judges = {view.partition("/")[0] for view in aucs}
        gradients = by_subject(measurements, "gradient-norm")
        others = {name: norm for name, norm in gradients.items() if name not in judges}
        silent = [name for name, norm in others.items() if norm < VANISHED * (self.usual.of(name) or 0.0)]
        found = []
        dominated = False
        for view, auc in aucs.items():
            gap, sign = gaps.get(view, 0.0), signs.get(view, 0.0)
            # Logits of a Wasserstein critic have no scale of their own: their distance counts beside a high AUC alone.
            # One that is starved may order its tiny logits rightly, and tells nobody anything.
            wins = gap > APART and (auc > self.auc or (auc > 0.8 and (gap > self.gap or sign > self.sign)))
            dominated = dominated or wins
            change = self.winning.hear(wins and (bool(suffers) or bool(silent)), progress.kimg, view)
            if change is not None:
                evidence = {f"balance/{view}/auc": auc, f"balance/{view}/logit-gap": gap}
                evidence |= {f"gradient-norm/{name}": gradients[name] for name in silent}
                found.append(self._finding(change, view, evidence, silent, progress))
        if not dominated:
            for name, norm in others.items():
                self.usual.add(name, norm)
        return found

    def _finding(
        self, change: Change, view: str, evidence: dict[str, float], silent: list[str], progress: Progress
    ) -> Finding:
        began, player = self.winning.began(view), view.partition("/")[0]
        if self.harm.reach is not None:
            evidence["coverage"] = self.harm.reach
        if change is Change.ENDED:
            sentence = f"the discriminator '{view}' no longer wins at the generator's cost"
            return over("discriminator-dominates", sentence, progress, began, evidence=evidence, subject=view)
        auc = evidence[f"balance/{view}/auc"]
        harm = (
            f"the gradient of '{silent[0]}' has vanished"
            if silent
            else f"the generator reaches {self.harm.reach or 0.0:.0%} of the data"
        )
        causes = (
            f"'{player}' learns too fast for the generator",
            "nothing holds its slope down: there is no penalty, or a weak one",
            "the loss lets the gradient vanish: minimax, where non-saturating would not"
            if silent
            else "the generator is too small, or its learning rate too low",
        )
        return trouble(
            "discriminator-dominates",
            f"the discriminator '{view}' tells nearly every fake (AUC {auc:.2f}), and {harm}",
            Severity.WARNING,
            progress,
            began,
            evidence=evidence,
            causes=causes,
            advice=f"lower players.{player}.optimizer.lr, or add or raise terms.r1.weight",
            subject=view,
        )

    def state(self) -> Mapping[str, Any]:
        return {"harm": self.harm.state(), "winning": self.winning.state(), "usual": self.usual.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.harm.restore(state["harm"])
        self.winning.restore(state["winning"])
        self.usual.restore(state["usual"])
