"""Whether the generator repeats its training samples, judged by how near unseen real samples come to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look
from ganlab.builtin.diagnostics.compared import Weights, real_points, tail

if TYPE_CHECKING:
    from ganlab.builtin.metrics.memorisation import Training


class Memorisation(Diagnostic):
    """Of `count` generated samples against up to `references` training samples: `nearest-ratio`, their median distance
    to the nearest over that of held-out samples (1 as unseen data, 0 copies); `ct`, the same as a rank test in each
    of `cells` k-means cells (below -3 copying, above 3 underfit; Meehan et al. 2020); `authenticity`, the share that is
    farther from its training sample than that is from the next (about a half for real data, 0 copies; Alaa et al.
    2022).

    A collapsed generator looks like one that memorises: read them beside coverage. What cannot be said is NaN: the
    first two without held-out samples, `ct` where no cell holds 20 of both kinds.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=50_000)] = 512,
        references: Annotated[int, Option(ge=8, le=100_000)] = 10_000,
        cells: Annotated[int, Option(ge=1, le=100)] = 3,
        weights: Weights = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.count = count
        self.references = references
        self.cells = cells
        self.weights: Weights = weights
        self.features = features

    def measure(self, look: Look) -> Mapping[str, float]:
        fake = look.points(self.features, self.count, self.weights)
        found = {}
        for name, points in fake.items():
            kept = f"memorisation/{self.features}/{name}/{self.references}/{self.count}/{self.cells}"
            training: Training = look.once(kept, partial(self._training, look, name))
            memory = training.memory(points)
            place = ("" if len(fake) == 1 else f"/{name}") + tail(look, self.features, name, self.weights)
            found[f"nearest-ratio{place}"] = memory.ratio
            found[f"ct{place}"] = memory.c_t
            found[f"authenticity{place}"] = memory.authenticity
        return found

    def _training(self, look: Look, name: str) -> Training:
        from ganlab.builtin.metrics.memorisation import Training

        known = real_points(look, self.features, self.references, "training")[name]
        unseen = real_points(look, self.features, self.count, "held-out").get(name, known[:0])
        return Training(known, unseen, cells=self.cells)
