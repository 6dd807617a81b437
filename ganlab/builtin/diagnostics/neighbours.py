"""Whether samples look real and whether all kinds of real ones come, told apart by balls around them.

`coverage` is the fourth of the family and a diagnostic of its own, since it costs least and tells most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look, RecipeError
from ganlab.builtin.diagnostics.compared import Comparison, Of, Pair, Weights, measured


class Neighbours(Diagnostic):
    """`precision`, the share of generated samples inside a ball of a real one; `recall`, the other way round; and
    `density`, how crowded it is in there: 1 for the real distribution (Kynkaanniemi et al. 2019; Naeem et al. 2020).

    Balls reach to the k-th neighbour, k = `neighbours`, or to the farthest sample where there are fewer. One distant
    real sample makes precision blind over its whole ball: density is not. Two draws of one distribution do not score 1.
    NaN where fewer than two samples, or features that are not finite, are to be compared.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=50_000)] = 1024,
        neighbours: Annotated[int, Option(ge=1, le=1000)] = 5,
        of: Of = "held-out",
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        if neighbours >= count:
            raise RecipeError(f"of {count} samples none has {neighbours} neighbours; ask for fewer, or raise count")
        self.neighbours = neighbours
        self.features = features
        self.comparison = Comparison(features, count, of, weights)

    def measure(self, look: Look) -> Mapping[str, float]:
        names = ("precision", "recall", "density")
        return measured(look, self.comparison, names, self._numbers)

    def _numbers(self, pair: Pair) -> Sequence[float]:
        from ganlab.builtin.metrics.neighbours import ball_radii, neighbourhoods

        radii = pair.once(f"neighbours/{self.neighbours}", partial(ball_radii, pair.real, self.neighbours))
        found = neighbourhoods(pair.real, pair.fake, neighbours=self.neighbours, radii=radii)
        return found.precision, found.recall, found.density
