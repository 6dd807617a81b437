"""How far each discriminator has fallen behind: what a copy of it gains by a few steps of its own.

Half of the game's duality gap (Grnarova et al. 2019, arXiv:1811.05512). A discriminator that learns too slowly lets the
generator collapse while both losses look as they should; its copy, which catches up at once, shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, Look


class ProbeGap(Diagnostic):
    """For each discriminator, on `count` training samples and as many fakes of the raw generator:

    `probe-gap/<player>`: nats of cross-entropy that a copy gains by `steps` steps of Adam, each on `batch` of the first
    half; measured on the second half, against the original with its logits calibrated, so that it means the same for
    every loss. 0, give or take a tenth: up to date. log 4 = 1.39: it cannot tell what can be told.
    `probe-value/<player>`: the copy's cross-entropy as a share of log 4; 1: the copy cannot tell either.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=1_000_000)] = 128,
        steps: Annotated[int, Option(ge=2, le=10_000)] = 12,
        batch: Annotated[int, Option(ge=1, le=1_000_000)] = 32,
        lr: Annotated[float, Option(gt=0, le=1)] = 2e-3,
    ) -> None:
        self.count = count
        self.steps = steps
        self.batch = batch
        self.lr = lr

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.diagnostics.shown import as_played, shown
        from ganlab.builtin.diagnostics.student import Schooling, taught
        from ganlab.builtin.metrics.calibration import BLIND

        how = Schooling(self.steps, self.lr, self.batch)
        networks = look.networks(averaged=False)
        measured = {}
        for player, pairs in shown(look, self.count).items():
            student = as_played(networks[player], free=True)
            report = taught(as_played(networks[player]), student, pairs, self.count, how)
            measured[f"probe-gap/{player}"] = report.original - report.student
            measured[f"probe-value/{player}"] = report.student / BLIND
        return measured
