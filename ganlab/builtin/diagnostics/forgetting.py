"""Whether a discriminator still knows fakes of long ago: one that forgets them lets the generator run in circles.

Thanh-Tung & Tran 2018 (arXiv:1807.04015) call it catastrophic forgetting; the old fakes are kept here, a few of each
tick, spread over the whole run.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Option

from ganlab import Diagnostic, Look, Sample

if TYPE_CHECKING:
    from torch import Tensor

MOST_BYTES = 16 << 20
"""Of all the fakes that are kept, and stand in every checkpoint."""


class Forgetting(Diagnostic):
    """For each view, on `count` samples per tick, of `ticks` past ticks at most:

    `forgetting/<view>`: share of the old fakes of the raw generator that today's discriminator finds more real than the
    median training sample; 0: it remembers, 1/2: it cannot tell them. `forgetting/<view>/present`: the same of the
    fakes of today. Old ones above those of today are forgotten. NaN at the first tick.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=4096)] = 32,
        ticks: Annotated[int, Option(ge=2, le=64)] = 8,
    ) -> None:
        self.count = count
        self.ticks = ticks
        self.past: list[dict[str, Tensor]] = []
        self.asked = 0
        self.every = 1
        """One in so many is kept; doubled whenever there is no more room, and every second one forgotten."""

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.diagnostics.balance import Panel

        panel, given = Panel(look), look.given(self.count)
        present = look.fake(self.count, averaged=False)
        real = panel.hear(look.real_beside(self.count), given)
        today = panel.hear(present, given)
        old = [panel.hear({**present, **each}, given) for each in self._like(present)]
        measured = {}
        for view, said in today.items():
            for name, logits in said.items():
                key = f"forgetting/{view}/{name}" if name else f"forgetting/{view}"
                middle = real[view][name]
                before = [above(each[view][name], middle) for each in old]
                measured[key] = fmean(before) if before else nan
                measured[f"{key}/present"] = above(logits, middle)
        self._keep(present)
        return measured

    def _like(self, present: Sample) -> list[dict[str, Tensor]]:
        """Old fakes of the shapes of today's, on their device; others are of an earlier stage of the run."""
        return [
            {name: tensor.to(present[name].device) for name, tensor in each.items()}
            for each in self.past
            if all(name in present and tensor.shape == present[name].shape for name, tensor in each.items())
        ]

    def _keep(self, present: Sample) -> None:
        """Remember today's, if it is its turn and they are not too large."""
        import torch

        tensors = {name: each for name, each in present.items() if isinstance(each, torch.Tensor)}
        if self.asked % self.every == 0 and sum(each.nbytes for each in tensors.values()) * self.ticks <= MOST_BYTES:
            if len(self.past) >= self.ticks:
                self.past, self.every = self.past[::2], 2 * self.every
            if self.asked % self.every == 0:
                self.past.append({name: each.detach().cpu().clone() for name, each in tensors.items()})
        self.asked += 1

    def state(self) -> Mapping[str, Any]:
        return {"past": [dict(each) for each in self.past], "asked": self.asked, "every": self.every}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.past = [dict(each) for each in state["past"]]
        self.asked, self.every = int(state["asked"]), int(state["every"])


def above(logits: Tensor, real: Tensor) -> float:
    """Share of the logits above the median of the real ones; a tie counts half, a map as its mean, nothing as NaN."""
    from ganlab.builtin.diagnostics.balance import each

    logits, real = each(logits), each(real)
    if len(logits) == 0 or len(real) == 0:
        return nan
    middle = real.quantile(0.5)
    return float(((logits > middle).float() + (logits >= middle).float()).mean() / 2)
