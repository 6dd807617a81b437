"""A discriminator that has fallen behind lets the generator collapse, and the losses do not show it.

How much could it still learn? A copy trains for a few steps against the same generator; what the copy gains is what
the original has missed: half of the game's duality gap (Grnarova et al. 2019, arXiv:1811.05512). A diagnostic measures
it, a monitor judges it, an intervention acts on it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

import ganlab

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

PROBE = "discriminator-probe/"
MONITOR = "outpaced-discriminator"

Gap = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Pair = tuple[ganlab.View, ganlab.View]


class DiscriminatorProbe(ganlab.Diagnostic):
    """For each discriminator, nats of cross-entropy that a copy of it gains by `steps` steps of Adam.

    `count` real training samples and as many fakes are used: one half teaches the copy, the other half tells how good
    it and the original are. Near 0: the discriminator is up to date. Meant for losses whose logits are log odds
    (non-saturating, minimax); with others the copy also gains by finding the scale.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Field(ge=4)] = 512,
        steps: Annotated[int, Field(ge=1)] = 20,
        lr: Annotated[float, Field(gt=0)] = 2e-3,
    ) -> None:
        self.count = count
        self.steps = steps
        self.lr = lr

    def measure(self, look: ganlab.Look) -> Mapping[str, float]:
        networks, given = look.networks(averaged=False), look.given(self.count)
        real = look.task.views(networks, look.real_beside(self.count), given)
        fake = look.task.views(networks, look.fake(self.count, averaged=False), given)
        shown: dict[str, list[Pair]] = {}
        for name, view in fake.items():
            shown.setdefault(view.judge or name, []).append((real[name], view))
        return {PROBE + judge: self._gain(networks[judge], pairs) for judge, pairs in shown.items()}

    def _gain(self, judge: Module, pairs: list[Pair]) -> float:
        import torch

        teach = [(half(real, 0), half(fake, 0)) for real, fake in pairs]
        tell = [(half(real, 1), half(fake, 1)) for real, fake in pairs]
        student = copy.deepcopy(judge).requires_grad_(True)
        optimizer = torch.optim.Adam(student.parameters(), self.lr)
        with torch.enable_grad():
            for _ in range(self.steps):
                optimizer.zero_grad()
                cross_entropy(student, teach).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        with torch.no_grad():
            return float(cross_entropy(judge, tell) - cross_entropy(student, tell))


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


def half(view: ganlab.View, part: int) -> ganlab.View:
    """The first (0) or second (1) half of a view's rows, with the condition beside them."""
    rows = len(view.data)
    span = slice(rows // 2) if part == 0 else slice(rows // 2, rows)
    beside = None if view.given is None else view.given[span]
    return view.replace(data=view.data[span], given=beside)


def cross_entropy(judge: Module, pairs: list[Pair]) -> Tensor:
    """E softplus(-D(x)) + E softplus(D(G(z))), averaged over views and judgements; 2 log 2 for one that cannot tell."""
    import torch
    from torch.nn.functional import softplus

    costs = [
        softplus(sign * logits.float()).mean()
        for pair in pairs
        for sign, view in zip((-1, 1), pair, strict=True)
        for logits in judgements(judge(view.data, view.given))
    ]
    return 2 * torch.stack(costs).mean()


def judgements(answer: Any) -> list[Tensor]:
    """The logits in what a discriminator answered."""
    return list(answer.judgements.values()) if isinstance(answer, ganlab.Verdict) else [answer]


@ganlab.hookimpl
def ganlab_register_diagnostics() -> dict[str, type[ganlab.Diagnostic]]:
    return {"discriminator-probe": DiscriminatorProbe}


@ganlab.hookimpl
def ganlab_register_monitors() -> dict[str, type[ganlab.Monitor]]:
    return {MONITOR: OutpacedDiscriminator}


@ganlab.hookimpl
def ganlab_register_interventions() -> dict[str, type[ganlab.Intervention]]:
    return {"speed-up-discriminator": SpeedUpDiscriminator}
