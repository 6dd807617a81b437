"""Histograms: whether each kind of real sample is generated as often as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured


class Bins(Diagnostic):
    """Real samples are cut into `bins` cells by k-means. `ndb`: share of cells that generated samples fall into
    significantly too often or too rarely (0.05 by chance; Richardson & Weiss 2018). `ndb-under`: share of the real
    samples whose cell gets clearly too few. `binned-js`: Jensen-Shannon divergence of both histograms, 0..0.693.

    There are no more cells than different real samples. NaN where fewer than two samples, or features that are not
    finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=100_000)] = 1024,
        bins: Annotated[int, Option(ge=2, le=1000)] = 50,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.bins = bins
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        names = ("ndb", "ndb-under", "binned-js")
        return measured(look, self.comparison, names, self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        from ganlab.builtin.metrics.bins import binned
        from ganlab.builtin.metrics.cells import k_means

        found = binned(pair.real, pair.fake, pair.once(f"bins/{self.bins}", partial(k_means, pair.real, self.bins)))
        return found.different, found.missed, found.divergence
