"""A number that is NaN or infinite: of the game itself it is the end of it, of a diagnostic a sign.

The engine ends a run whose costs or weights are not finite; this says it of runs that are read from their record, and
of numbers that only diagnostics see.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganlab import Finding, Monitor, Progress, Severity
from ganlab.builtin.monitors.lasting import Change, Lasting, Patience
from ganlab.builtin.monitors.telling import over, trouble

OF_THE_GAME = ("cost/", "weighted/", "gradient-norm/", "update/", "learning-rate/", "weight/", "loss/")

EXPECTED = re.compile(r"(coverage|fid|frechet|kid|mmd)\b|.*/logit-gap$")
"""Numbers of diagnostics that are NaN only if the samples or the logits are. Of others NaN says "cannot be told"."""

KNOWN_FINITE = 3
"""A diagnostic's number that was finite at so many ticks in a row can be expected to be."""


class NonFinite(Monitor):
    """Finds numbers that are NaN or infinite.

    Critical at the first tick at which a cost, a gradient or another number of the game is not finite; a
    warning where a diagnostic's number, finite before, is NaN for `patience` ticks. It names the first.
    """

    def __init__(self, *, patience: Patience = 3) -> None:
        self.game = Lasting(1)
        self.diagnosed = Lasting(patience)
        self.finite: dict[str, int] = {}
        """Ticks in a row at which a diagnostic's number was finite; those that went wrong keep what they had."""
        self.named: dict[str, str] = {}
        """What the findings that stand are about."""

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        if not measurements:
            return []
        broken = [
            name for name, value in measurements.items() if not math.isfinite(value) and name.startswith(OF_THE_GAME)
        ]
        # An infinite divergence is an answer: the generator makes nothing of what it was compared with.
        bad = [name for name, value in measurements.items() if math.isnan(value) and is_expected(name)]
        odd = [name for name in bad if self.finite.get(name, 0) >= KNOWN_FINITE]
        for name in measurements:
            if not is_expected(name):
                continue
            if name not in bad:
                self.finite[name] = self.finite.get(name, 0) + 1
            elif self.finite.get(name, 0) < KNOWN_FINITE:
                self.finite[name] = 0
        return [
            *self._findings("game", self.game, broken, measurements, progress),
            *self._findings("diagnosed", self.diagnosed, odd, measurements, progress),
        ]

    def _findings(
        self, kind: str, lasting: Lasting, bad: Sequence[str], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Finding]:
        change = lasting.hear(bool(bad), progress.kimg)
        if change is Change.ENDED:
            name = self.named.pop(kind)
            evidence = {name: measurements[name]} if math.isfinite(measurements.get(name, math.nan)) else {}
            yield over(
                "non-finite", f"{name} is finite again", progress, lasting.began(), evidence=evidence, subject=name
            )
        elif change is Change.BEGAN:
            first = self.named[kind] = bad[0]
            others = f", and so {'is 1 other' if len(bad) == 2 else f'are {len(bad) - 1} others'}" if bad[1:] else ""
            is_game = kind == "game"
            yield trouble(
                "non-finite",
                f"{first} is {measurements[first]}{others}",
                Severity.CRITICAL if is_game else Severity.WARNING,
                progress,
                lasting.began(),
                evidence={name: measurements[name] for name in bad[:5]},
                causes=(
                    (
                        "a learning rate is too high, and a step went too far",
                        "half precision overflowed (precision)",
                        "the data hold a number that is not finite",
                    )
                    if is_game
                    else (
                        "the generator makes the same sample again and again, or none that can be measured",
                        "there are too few samples for this number",
                    )
                ),
                advice=(
                    "go back to a checkpoint from before, and lower the learning rates or add terms.r1"
                    if is_game
                    else "look at the samples; the run itself is finite"
                ),
                subject=first,
            )

    def state(self) -> Mapping[str, Any]:
        return {
            "game": self.game.state(),
            "diagnosed": self.diagnosed.state(),
            "finite": dict(self.finite),
            "named": dict(self.named),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.game.restore(state["game"])
        self.diagnosed.restore(state["diagnosed"])
        self.finite, self.named = dict(state["finite"]), dict(state["named"])


def is_expected(name: str) -> bool:
    """True for a diagnostic's number that can be expected to be one."""
    return not name.startswith(OF_THE_GAME) and EXPECTED.match(name) is not None
