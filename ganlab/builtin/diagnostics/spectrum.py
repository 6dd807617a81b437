"""The largest singular values of each player's layers, and how few directions they are spent on.

They explode in a generator before BigGAN collapses (Brock et al. 2019, arXiv:1809.11096, section 4.1); the layers of a
normalised discriminator lose rank (Liu et al. 2019, arXiv:1908.10999). In small perceptrons it was otherwise:
numbers to look at, never to judge by alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ganlab import Diagnostic, Look

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


class Spectrum(Diagnostic):
    """For each player, with raw weights, over its weight matrices (a kernel (out, in, h, w) is one of (out, in h w)):

    `spectrum/<player>/largest`: the largest singular value of any; `spectrum/<player>/stable-rank`: the least
    ||W||_F^2 / sigma_1^2 of any. With `layers` also `spectrum/<player>/<layer>`, the largest of each, to see which.
    """

    def __init__(self, *, layers: bool = False) -> None:
        self.layers = layers

    def measure(self, look: Look) -> Mapping[str, float]:
        from ganlab.builtin.metrics.spectra import largest_singular_value, stable_rank

        measured = {}
        for player, network in look.networks(averaged=False).items():
            found = {}
            ranks = []
            for layer, matrix in matrices(network):
                found[layer] = largest_singular_value(matrix)
                ranks.append(stable_rank(matrix, found[layer]))
            if found:
                measured[f"spectrum/{player}/largest"] = worst(list(found.values()), largest=True)
                measured[f"spectrum/{player}/stable-rank"] = worst(ranks, largest=False)
            if self.layers:
                measured |= {f"spectrum/{player}/{layer}": value for layer, value in found.items()}
        return measured


def matrices(network: Module) -> Iterator[tuple[str, Tensor]]:
    """The weights of layers as they act, normalised ones after their norm, as matrices whose rows are what is made."""
    import torch
    from torch.nn.modules.conv import _ConvTransposeNd

    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, torch.Tensor) and weight.dim() >= 2 and weight.is_floating_point():
            made = 1 if isinstance(module, _ConvTransposeNd) else 0
            yield name or "weight", weight.transpose(0, made).flatten(1)


def worst(values: list[float], *, largest: bool) -> float:
    """The largest, or the least; NaN if one is: a weight that is no number is worse than any."""
    import math

    if any(math.isnan(value) for value in values):
        return math.nan
    return sorted(values)[-1 if largest else 0]
