"""The Frechet distance, which is FID in the features of Inception-v3, never without the floor it stands on.

Two samples of the same distribution are not 0 apart. How far they are depends on the spectrum of the features and on
how many samples there are, so a distance alone says little; the excess over the floor can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured

if TYPE_CHECKING:
    from ganlab.builtin.metrics.frechet import Reference

Count = Annotated[int, Option(ge=20, le=100_000)]


class Frechet(Diagnostic):
    """Between Gaussians fitted to the features of `count` real and generated samples: `frechet`; `frechet-floor`, the
    distance to expect if the generator were perfect; and `frechet-excess`, the first less the second.

    Blind beyond mean and covariance: every other mode of a ring may be missing. NaN where fewer than two samples, or
    features that are not finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Count = 2048,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        names = ("frechet", "frechet-floor", "frechet-excess")
        return measured(look, self.comparison, names, numbers)


class FrechetInfinity(Diagnostic):
    """`frechet-infinity`: the Frechet distance without the bias of finite samples (Chong & Forsyth 2020).

    Costs `subsets` Frechet distances: give it a cadence of its own, `every`, in wide feature networks. May be a little
    below 0 for a perfect generator. NaN as for `frechet`.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Count = 2048,
        subsets: Annotated[int, Option(ge=2, le=100)] = 15,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.subsets = subsets
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        return measured(look, self.comparison, ("frechet-infinity",), self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        from ganlab.builtin.metrics.frechet_infinity import frechet_infinity

        return frechet_infinity(reference(pair), pair.fake, subsets=self.subsets)[:1]


def numbers(pair: Pair) -> Sequence[float]:
    """Distance, floor and excess."""
    real = reference(pair)
    distance, floor = real.to_points(pair.fake), real.floor(len(pair.fake))
    return distance, floor, distance - floor


def reference(pair: Pair) -> Reference:
    """The real side, worked out once."""
    from ganlab.builtin.metrics.frechet import Reference

    found: Reference = pair.once("frechet", partial(Reference.of, pair.real))
    return found
