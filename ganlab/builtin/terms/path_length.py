"""A step of one length in the latent should change the picture by one amount, wherever it is taken.

A generator that answers evenly is easier to explore and to invert, and trains more steadily.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field as Option

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class PathLength(ganlab.Term):
    """(||J^T y|| - a)^2 of each sample (N,): J is the generator's Jacobian at its latent, y noise, a the mean so far.

    y is normal and divided by the root of the number of pixels, so that a weight (2 is usual) means the same at every
    size. `latent` names the latent among what the generator is given, `field` the field of the sample if there are
    several (None: the first). `decay` (0..1) is how much of the mean length is kept each time; it begins at the first
    batch's own. The generator is run once more, in float32; charged lazily (`every = 4`) it costs little. Every process
    of a distributed run follows its own part.
    Source: Karras et al. 2020, StyleGAN2 (arXiv:1912.04958), eq. 4, with the latent in the place of w.
    """

    def __init__(
        self,
        *,
        latent: str = "latent",
        field: str | None = None,
        decay: Annotated[float, Option(ge=0, lt=1)] = 0.99,
    ) -> None:
        self.latent = latent
        self.field = field
        self.decay = decay
        self._mean: Tensor | None = None

    def cost(self, turn: ganlab.Turn) -> Tensor:
        import torch

        if self.latent not in turn.given:
            raise ganlab.RecipeError(
                f"term 'path-length' found no '{self.latent}' among what the generator is given "
                f"({', '.join(turn.given)}); say which is the latent by its option 'latent'"
            )
        latent = turn.given[self.latent].detach().requires_grad_(True)
        sample = turn.generate({**turn.given, self.latent: latent})
        made = sample[self.field or next(iter(sample))]
        noise = turn.random.normal(*made.shape[1:]) / prod(made.shape[2:]) ** 0.5
        (gradient,) = torch.autograd.grad(made, latent, noise, create_graph=True)
        lengths: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
        return (lengths - self._follow(lengths)).square()

    def _follow(self, lengths: Tensor) -> Tensor:
        """The moving mean, after these lengths."""
        now = lengths.detach().mean()
        if self._mean is not None:
            now = self._mean.to(now).lerp(now, 1 - self.decay)
        self._mean = now
        return now

    def state(self) -> Mapping[str, Any]:
        return {"mean": self._mean}

    def restore(self, state: Mapping[str, Any]) -> None:
        mean = state["mean"]
        if mean is not None and (mean.dim() or not mean.is_floating_point()):
            raise ValueError("the mean length is no number")
        self._mean = mean
