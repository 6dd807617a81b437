"""How much of a fixed batch of real samples the generator reaches (Naeem et al. 2020, arXiv:2002.09797, eq. 8).

Losses do not tell a collapsed run from a healthy one; this number does, without labels and for a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Diagnostic, FeatureChoice, Look

if TYPE_CHECKING:
    from torch import Tensor


class Coverage(Diagnostic):
    """Share of `count` real samples with a generated one nearer than their own k-th real neighbour, 0..1.

    Two draws of one distribution score about 0.97 at k = 5. The real samples are held-out ones, unless `of` says
    training: where held-out data differ in kind from training data (other photographs), no generator can cover them.
    Of the averaged generator unless `weights` says raw.
    """

    features: FeatureChoice

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=16_384)] = 512,
        neighbours: Annotated[int, Option(ge=1, le=16_384)] = 5,
        of: Literal["held-out", "training"] = "held-out",
        weights: Literal["averaged", "raw"] = "averaged",
        features: FeatureChoice = "auto",
    ) -> None:
        self.count = count
        self.of: Literal["held-out", "training"] = of
        self.neighbours = neighbours
        self.weights: Literal["averaged", "raw"] = weights
        self.features = features

    def measure(self, look: Look) -> Mapping[str, float]:
        import torch

        suffix = ("" if self.of == "held-out" else "-training") + ("" if self.weights == "averaged" else "/raw")
        real = look.points(self.features, self.count, self.of)
        fake = look.points(self.features, self.count, self.weights)
        covered = {}
        for name, points in real.items():
            radii = look.once(
                f"coverage/{self.features}/{name}/{self.of}/{self.count}/{self.neighbours}",
                partial(self.radii, points),
            )
            nearest = torch.cdist(points, fake[name]).min(1)[0]
            network = look.features(self.features, name).name
            key = f"coverage{suffix}@{network}" if len(real) == 1 else f"coverage/{name}{suffix}@{network}"
            covered[key] = float((nearest < radii).float().mean())
        return covered

    def radii(self, points: Tensor) -> Tensor:
        """How far each point's k-th neighbour is; the farthest point where there are fewer. It is its own nearest."""
        import torch

        distances = torch.cdist(points, points).sort(1)[0]
        return distances[:, : self.neighbours + 1][:, -1]
