"""How often the generator makes the same sample twice, and how many different ones it seems to have (the birthday
paradox: Arora, Risteski & Zhang 2018)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured


class Duplicates(Diagnostic):
    """`duplicates`: share of `count` generated samples with a twin among the others; `support`: how many different
    samples there seem to be, n^2 / 2 over the number of twin pairs, and n^2 / 2 at most, since a sample without
    twins shows no more. Twins are nearer than `tolerance` times the median distance of real samples to their nearest.

    Where all real samples are the same, twins are exact copies. NaN where fewer than two samples, or features that are
    not finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=50_000)] = 1024,
        tolerance: Annotated[float, Option(ge=0, le=1)] = 0.1,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.tolerance = tolerance
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        names = ("duplicates", "support")
        return measured(look, self.comparison, names, self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        from ganlab.builtin.metrics.duplicates import duplicates, nearest_distances

        distances = pair.once("nearest-distances", partial(nearest_distances, pair.real))
        found = duplicates(pair.fake, self.tolerance * float(distances.median()))
        return found.share, found.support
