"""Multilayer perceptrons: for points, vectors and small pictures, and for the first GAN (Goodfellow et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import Tensor, nn

from ganlab import Field
from ganlab.builtin.networks.activations import activation
from ganlab.builtin.networks.choices import Activation
from ganlab.builtin.networks.conditions import Vectors


def perceptron(sizes: Sequence[int], name: Activation) -> nn.Sequential:
    """Linear layers from `sizes[0]` to `sizes[-1]` units, with the nonlinearity `name` between them."""
    layers: list[nn.Module] = [nn.Linear(sizes[0], sizes[1])]
    for before, after in pairwise(sizes[1:]):
        layers += [activation(name), nn.Linear(before, after)]
    return nn.Sequential(*layers)


class PerceptronGenerator(nn.Module):
    """All given fields as one vector -> hidden layers -> (N, *shape); `bounded` ends in tanh."""

    per_sample = True

    def __init__(
        self,
        given: Sequence[Field],
        shape: tuple[int, ...],
        *,
        hidden: Sequence[int],
        name: Activation,
        bounded: bool,
        label_size: int,
    ) -> None:
        super().__init__()
        self.read = Vectors(given, label_size)
        self.layers = perceptron([self.read.size, *hidden, prod(shape)], name)
        if bounded:
            self.layers.append(nn.Tanh())
        if len(shape) != 1:
            self.layers.append(nn.Unflatten(1, shape))

    def forward(self, *given: Tensor) -> Tensor:
        made: Tensor = self.layers(self.read(*given))
        return made


class PerceptronDiscriminator(nn.Module):
    """Data, and the condition beside it, as one vector -> hidden layers -> logits (N,)."""

    per_sample = True

    def __init__(
        self, data: Field, given: Field | None, *, hidden: Sequence[int], name: Activation, label_size: int
    ) -> None:
        super().__init__()
        self.read = Vectors([data] if given is None else [data, given], label_size)
        self.layers = perceptron([self.read.size, *hidden, 1], name)

    def forward(self, data: Tensor, given: Tensor | None = None) -> Tensor:
        seen: Tensor = self.read(data) if given is None else self.read(data, given)
        logits: Tensor = self.layers(seen)
        return logits.flatten()
