"""The filters of a layer should differ: no two may point the same way, and how long each is stays free."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganlab

if TYPE_CHECKING:
    from torch import Tensor


class Orthogonal(ganlab.Term):
    """||W W^T o (1 - I)||^2 summed over the player's weights W, a filter a row; a scalar. The usual weight is 1e-4.

    Every trained weight of two or more dimensions counts, except those with one of the words of `leave_out` in their
    name: the rows of an embedding are not filters.
    Source: Brock et al. 2019, BigGAN (arXiv:1809.11096), eq. 3.
    """

    def __init__(self, *, leave_out: tuple[str, ...] = ("embed",)) -> None:
        self.leave_out = leave_out

    def cost(self, turn: ganlab.Turn) -> Tensor:
        import torch

        overlaps = []
        for name, weight in turn.networks[turn.player].named_parameters():
            if weight.requires_grad and weight.dim() > 1 and not any(word in name for word in self.leave_out):
                filters = weight.flatten(1)
                with torch.autocast(weight.device.type, enabled=False):
                    gram = filters @ filters.T
                overlaps.append((gram - gram.diagonal().diag()).square().sum())
        if not overlaps:
            raise ganlab.RecipeError(
                f"term 'orthogonal' found no weight of player '{turn.player}' with two or more dimensions"
            )
        return torch.stack(overlaps).sum()
