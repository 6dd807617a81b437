"""Sliced Wasserstein distance: how far samples must be moved, seen along random lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured


class SlicedWasserstein(Diagnostic):
    """`sliced-wasserstein`, of order 2, in units of the features, and `sliced-wasserstein-floor`, what two samples of
    real data of these sizes would be apart.

    NaN where fewer than two samples (the floor: fewer than four), or features that are not finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=100_000)] = 512,
        lines: Annotated[int, Option(ge=1, le=4096)] = 64,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.lines = lines
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        names = ("sliced-wasserstein", "sliced-wasserstein-floor")
        return measured(look, self.comparison, names, self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        from ganlab.builtin.metrics.sliced import sliced_wasserstein, sliced_wasserstein_floor

        floor = partial(sliced_wasserstein_floor, pair.real, len(pair.fake), lines=self.lines)
        kept = f"sliced-wasserstein/{self.lines}/{len(pair.fake)}"
        return sliced_wasserstein(pair.real, pair.fake, lines=self.lines), pair.once(kept, floor)
