"""Which samples are held out: a rule that draws nothing and depends on the samples alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
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


def by_content(digests: Sequence[bytes], share: float) -> tuple[list[int], list[int]]:
    """Indices for training and held-out indices of files: those with the smallest SHA-256 are held out.

    At least one, and max(1, floor(n share)) of n, more only where files are identical, for copies stay on one side; or
    fewer, if else none were left. The rule knows no names, so renaming changes nothing and another file moves few. In
    the order of the samples.
    """
    order = sorted(range(len(digests)), key=digests.__getitem__)  # copies stay in their order
    count = max(1, int(len(order) * share + 1e-9))
    while count < len(order) and digests[order[count]] == digests[order[count - 1]]:
        count += 1
    if count == len(order):
        count = bisect_left(order, digests[order[-1]], key=digests.__getitem__) or count
    return sorted(order[count:]), sorted(order[:count])
