"""How much of a fixed batch of real samples the generator reaches (Naeem et al. 2020, arXiv:2002.09797, eq. 8).

Losses do not tell a collapsed run from a healthy one; this number does, without labels and for a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Diagnostic, Look

if TYPE_CHECKING:
    from torch import Tensor

PROJECTED = 128
"""Wider data are projected to so many dimensions, by a fixed random matrix."""


class Coverage(Diagnostic):
    """Share of `count` real samples with a generated one nearer than their own k-th real neighbour, 0..1.

    Two draws of one distribution score about 0.97 at k = 5. The real samples are held-out ones, unless `of` says
    training: where held-out data differ in kind from training data (other photographs), no generator can cover them.
    Of the averaged generator unless `weights` says raw.
    """

    def __init__(
        self,
        *,
        count: Annotated[int, Option(ge=8, le=16_384)] = 512,
        neighbours: Annotated[int, Option(ge=1, le=16_384)] = 5,
        of: Literal["held-out", "training"] = "held-out",
        weights: Literal["averaged", "raw"] = "averaged",
    ) -> None:
        self.count = count
        self.of = of
        self.neighbours = neighbours
        self.weights = weights

    def measure(self, look: Look) -> Mapping[str, float]:
        import torch

        made = look.task.makes()
        fake = look.fake(self.count, averaged=self.weights == "averaged")
        suffix = ("" if self.of == "held-out" else "-training") + ("" if self.weights == "averaged" else "/raw")
        sample = look.real(self.count, held_out=self.of == "held-out")
        covered = {}
        for name in made:
            real = sample[name].flatten(1).float()
            width = real.shape[1]
            network = "flatten" if width <= PROJECTED else f"projection-{PROJECTED}"
            points = features(real, width)
            radii = look.once(
                f"coverage/{name}/{self.of}/{self.count}/{self.neighbours}",
                lambda points=points: self.radii(points),
            )
            nearest = torch.cdist(points, features(fake[name].flatten(1).float(), width)).min(1)[0]
            key = f"coverage{suffix}@{network}" if len(made) == 1 else f"coverage/{name}{suffix}@{network}"
            covered[key] = float((nearest < radii).float().mean())
        return covered

    def radii(self, points: Tensor) -> Tensor:
        """How far each point's k-th neighbour is; the farthest point where there are fewer. It is its own nearest."""
        import torch

        distances = torch.cdist(points, points).sort(1)[0]
        return distances[:, : self.neighbours + 1][:, -1]


def features(points: Tensor, width: int) -> Tensor:
    """The points themselves, or projected to `PROJECTED` dimensions; distances keep to within a few per cent."""
    import torch

    if width <= PROJECTED:
        return points
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(width, PROJECTED, generator=generator) / PROJECTED**0.5
    projected: Tensor = points @ matrix.to(points.device)
    return projected
