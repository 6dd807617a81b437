"""How much of a fixed batch of real samples the generator reaches (Naeem et al. 2020, arXiv:2002.09797, eq. 8).

Losses do not tell a collapsed run from a healthy one; this number does, without labels and for a few milliseconds.
Kinds that are left out and kinds that are made too narrow lower it alike; with wider balls only the first do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured

if TYPE_CHECKING:
    from torch import Tensor


WIDE = 4
"""So many times the neighbours are in a wide ball."""


class Coverage(Diagnostic):
    """Share of `count` real samples with a generated one nearer than their own k-th real neighbour, 0..1; and as
    `coverage-wide`, nearer than the 4k-th.

    Two draws of one distribution score about 0.97 at k = 5, and 1 with wide balls. The real samples are held-out ones,
    unless `of` says training: where held-out data differ in kind from training data (other photographs), no generator
    can cover them. Of the averaged generator unless `weights` says raw. NaN where fewer than two samples, or features
    that are not finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=16_384)] = 512,
        neighbours: Annotated[int, Option(ge=1, le=16_384)] = 5,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.neighbours = neighbours
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        return measured(look, self.comparison, ("coverage", "coverage-wide"), self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        import torch

        radii: Tensor = pair.once(f"coverage/{self.neighbours}", partial(self.radii, pair.real))
        nearest = torch.cdist(pair.real, pair.fake).min(1)[0]
        return (nearest < radii).float().mean(1).tolist()

    def radii(self, points: Tensor) -> Tensor:
        """How far each point's k-th neighbour is, and its 4k-th; the farthest point where there are fewer: (2, N). It
        is its own nearest."""
        import torch

        distances = torch.cdist(points, points).sort(1)[0]
        return torch.stack([distances[:, : k + 1][:, -1] for k in (self.neighbours, WIDE * self.neighbours)])
