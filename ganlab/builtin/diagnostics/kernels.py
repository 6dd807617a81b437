"""Kernel distances: KID, and the one that sees what moments cannot (maximum mean discrepancy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured

Count = Annotated[int, Option(ge=8, le=16_384)]


class Kid(Diagnostic):
    """`kid`: squared MMD with a cubic kernel (Binkowski et al. 2018), unbiased: about 0, and as often below it as
    above, for a perfect generator. Of all `count` samples, or the mean over `subsets` random ones of `subset_size`.

    NaN where fewer than two samples, or features that are not finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Count = 1024,
        subsets: Annotated[int, Option(ge=1, le=1000)] | None = None,
        subset_size: Annotated[int, Option(ge=2, le=16_384)] = 1000,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.subsets = subsets
        self.subset_size = subset_size
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        return measured(look, self.comparison, ("kid",), self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        from ganlab.builtin.metrics.kernels import kid

        return (kid(pair.real, pair.fake, subsets=self.subsets, size=self.subset_size),)


class Mmd(Diagnostic):
    """`mmd`: squared MMD with a Gaussian kernel as wide as a quarter of the median distance of real samples, unbiased.

    Sees dropped modes that the Frechet distance and KID are blind to. NaN as for `kid`.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Count = 512,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        return measured(look, self.comparison, ("mmd",), mmd_numbers)


def mmd_numbers(pair: Pair) -> Sequence[float]:
    """The one number."""
    from ganlab.builtin.metrics.kernels import gaussian_mmd

    return (gaussian_mmd(pair.real, pair.fake, width=width(pair)),)


def width(pair: Pair) -> float:
    """A quarter of the median distance of real points: near enough to tell modes apart, found once."""
    from ganlab.builtin.metrics.points import typical_distance

    found: float = pair.once("kernel-width", partial(typical_distance, pair.real))
    return found / 4
