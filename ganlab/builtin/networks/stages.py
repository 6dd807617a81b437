"""A discriminator as a row of stages whose features can be looked at, for feature matching."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from ganlab import Verdict


class Stages(nn.Module):
    """Maps through the stages to the logits of `end`; with `tell`, a `Verdict` with every stage's output.

    `extras["features"]` is the list of them, first stage first (Salimans et al. 2016, arXiv:1606.03498, section 3.1).
    """

    def __init__(self, stages: Iterable[nn.Module], end: nn.Module, *, tell: bool) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.end = end
        self.tell = tell

    def forward(self, maps: Tensor) -> Tensor | Verdict:
        features: list[Tensor] = []
        for stage in self.stages:
            maps = stage(maps)
            features.append(maps)
        logits: Tensor = self.end(maps)
        return Verdict(logits, {"features": features}) if self.tell else logits
