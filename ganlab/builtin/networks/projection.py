"""The projection discriminator: a condition is judged by an inner product with the features of the data."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from ganlab import Field
from ganlab.builtin.networks.conditions import classes


class Projection(nn.Module):
    """Features (N, D) and a condition -> what it adds to the logits (N,): one learnt vector per class, or a linear map.

    Miyato and Koyama 2018, arXiv:1802.05637, equation 4.
    """

    def __init__(self, condition: Field, features: int) -> None:
        super().__init__()
        self.embed: nn.Module = (
            nn.Embedding(classes(condition), features)
            if condition.kind == "category"
            else nn.Sequential(nn.Flatten(), nn.Linear(prod(condition.shape), features, bias=False))
        )

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        embedded: Tensor = self.embed(condition)
        return (embedded * features).sum(1)
