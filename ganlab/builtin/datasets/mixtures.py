"""Mixtures of Gaussians in the plane, whose truth is known: how many modes a generator reaches can be counted.

The ring of eight and the grid of twenty-five are the classic tests of mode collapse (Metz et al. 2017,
arXiv:1611.02163, appendix A; Srivastava et al. 2017, arXiv:1705.07761, section 4.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field as Option

from ganlab import Dataset, Field

if TYPE_CHECKING:
    from torch import Tensor

    from ganlab.builtin.datasets.resident import InMemory

Positive = Annotated[float, Option(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Option(ge=1, le=10_000_000)]
Seed = Annotated[int, Option(ge=0, lt=2**31)]

OUTERMOST = 0.8
"""Where `scale` puts the outermost centre if it is left out, so that the data live in [-1, 1]."""


def ring(
    *,
    modes: Annotated[int, Option(ge=1, le=10_000)] = 8,
    radius: Positive = 2.0,
    sigma: Positive = 0.1,
    scale: Positive | None = None,
    samples: Count = 50_000,
    held_out: Count = 10_000,
    seed: Seed = 0,
) -> Mixture:
    """`modes` Gaussians, evenly spaced on a circle, the first on the positive first axis.

    `radius` and `sigma` share a unit of your choice; `scale` is the number of data units in it.
    """
    import torch

    angle = torch.arange(modes, dtype=torch.float64) * (2 * torch.pi / modes)
    centres = (radius * torch.stack([angle.cos(), angle.sin()], dim=1)).to(torch.float32)
    return Mixture(centres, sigma, scale=scale, samples=samples, held_out=held_out, seed=seed)


def grid(
    *,
    side: Annotated[int, Option(ge=1, le=100)] = 5,
    spacing: Positive = 2.0,
    sigma: Positive = 0.15,
    scale: Positive | None = None,
    samples: Count = 50_000,
    held_out: Count = 10_000,
    seed: Seed = 0,
) -> Mixture:
    """`side` x `side` Gaussians, `spacing` apart, around the origin, in rows.

    `spacing` and `sigma` share a unit of your choice; `scale` is the number of data units in it.
    """
    import torch

    along = (torch.arange(side, dtype=torch.float32) - (side - 1) / 2) * spacing
    centres = torch.cartesian_prod(along, along)
    return Mixture(centres, sigma, scale=scale, samples=samples, held_out=held_out, seed=seed)


class Mixture(Dataset):
    """Fields `point` (2,) and `mode`: which Gaussian it was drawn from, all equally likely.

    `centres` (K, 2) and `sigma`, the standard deviation along each axis, are in the units of the data.
    """

    centres: Tensor
    sigma: float
    train: InMemory
    held_out: InMemory

    def __init__(
        self, centres: Tensor, sigma: float, /, *, scale: float | None, samples: int, held_out: int, seed: int
    ) -> None:
        import torch

        from ganlab.builtin.datasets.resident import InMemory

        scale = scale or OUTERMOST / max(float(centres.abs().max()), sigma)
        self.centres = centres * scale
        self.sigma = sigma * scale
        self.fields = {"point": Field("point", (2,)), "mode": Field("category", cardinality=len(centres))}
        generator = torch.Generator().manual_seed(seed)

        def draw(count: int) -> InMemory:
            mode = torch.randint(len(centres), (count,), generator=generator)
            offset = torch.randn(count, 2, generator=generator) * self.sigma
            return InMemory({"point": self.centres[mode] + offset, "mode": mode})

        self.train, self.held_out = draw(samples), draw(held_out)

    def fingerprint(self) -> str:
        from ganlab.builtin.datasets.resident import fingerprint

        return fingerprint(self.train.tensors, self.held_out.tensors)
