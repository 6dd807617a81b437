"""How many different samples there are, as a share of how many there are among real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured
from ganlab.builtin.diagnostics.kernels import width

if TYPE_CHECKING:
    from torch import Tensor


class Diversity(Diagnostic):
    """`vendi-ratio` and `rke-ratio`: effective number of different generated samples over that of as many real ones,
    1 if they are as diverse; by the entropies of order 1 (Friedman & Dieng 2023) and 2 (Jalali et al. 2023), with a
    Gaussian kernel as wide as a quarter of the median distance of real samples.

    High for noise too: read it beside precision. NaN where fewer than two samples, or features that are not finite, are
    to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=8192)] = 512,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        names = ("vendi-ratio", "rke-ratio")
        return measured(look, self.comparison, names, ratios)


def ratios(pair: Pair) -> Sequence[float]:
    """Generated over real, of as many samples on either side: both scores grow with the number of samples."""
    size = min(len(pair.real), len(pair.fake))
    real = pair.once(f"diversity/{size}", partial(scores, pair.real[:size], width(pair)))
    return [ours / theirs for ours, theirs in zip(scores(pair.fake[:size], width(pair)), real, strict=True)]


def scores(points: Tensor, width: float) -> tuple[float, float]:
    """Vendi and RKE."""
    from ganlab.builtin.metrics.entropy import likeness, rke, vendi

    alike = likeness(points, width)
    return vendi(alike), rke(alike)
