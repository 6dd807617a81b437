"""Which samples are held out: a rule that draws nothing and depends on the samples alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def evenly(classes: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Indices for training and held-out indices: of each class, in the order of the samples, every (1/share)-th.

    `classes` is (samples,) int64; without classes hand in zeros. Of n samples of a class floor(n share) are held out,
    evenly spaced: the j-th (from 0) is, if floor((j + 1) share) > floor(j share).
    """
    import torch

    held_out = torch.zeros(len(classes), dtype=torch.bool)
    for each in torch.unique(classes):
        members = (classes == each).nonzero().flatten()
        passed = (torch.arange(len(members) + 1, dtype=torch.float64) * share + 1e-9).floor()
        held_out[members] = passed[1:] > passed[:-1]
    return (~held_out).nonzero().flatten(), held_out.nonzero().flatten()
