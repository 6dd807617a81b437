"""Norms that go by what they see, told what lies outside their tile: the statistics of the whole picture.

A batch norm that plays as in training, an instance norm or a group norm makes of a tile something else than of the
picture, most of all where a tile holds little. So the tiles are gone through before they are made, and every norm
remembers what it saw of all. What the first norm sees is then known; a second time through, with the first norm at
rest, what the second sees is, and so on: after some times what is left is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from ganlab.assemble.tiles import Box

TIMES = 2
"""How often the tiles are gone through before they are made."""


@dataclass
class Seen:
    """What one norm has seen: how often, how many numbers of each channel, and their sums and those of their squares
    (2, C)."""

    calls: int = 0
    count: int = 0
    sums: Tensor | None = None

    def add(self, maps: Tensor) -> None:
        """More maps (N, C, ...)."""
        wide = maps.detach().double().transpose(0, 1).flatten(1)
        sums = torch.stack([wide.sum(1), wide.square().sum(1)])
        self.calls += 1
        self.count += wide.shape[1]
        self.sums = sums if self.sums is None else self.sums + sums

    def statistics(self, groups: int) -> tuple[Tensor, Tensor]:
        """Mean and variance (C,) of what was seen; channels of a group share theirs."""
        assert self.sums is not None
        grouped = (self.sums / self.count).view(2, groups, -1)
        mean, square = grouped.mean(2, keepdim=True).expand_as(grouped).flatten(1)
        return mean, (square - mean.square()).clamp(min=0)


@contextmanager
def settled(networks: Iterable[nn.Module], boxes: Sequence[Box], make: Callable[[Box], object]) -> Iterator[None]:
    """Inside, norms go by what they saw as each of the boxes was made. A norm that is asked more than once for a box,
    or about several samples, each of which has its own statistics, stays as it is.
    """
    norms = [module for network in networks for module in network.modules() if sees_for_itself(module)]
    with ExitStack() as hooks:
        for _ in range(TIMES if norms and len(boxes) > 1 else 0):
            seen = {norm: Seen() for norm in norms}
            with ExitStack() as watching:
                for norm in norms:
                    watching.callback(norm.register_forward_pre_hook(partial(_watch, seen[norm])).remove)
                for box in boxes:
                    make(box)
            hooks.close()
            for norm in norms:
                if seen[norm].calls == len(boxes):
                    hooks.callback(norm.register_forward_hook(partial(_answer, seen[norm])).remove)
        yield


def sees_for_itself(module: nn.Module) -> bool:
    """True for a norm whose statistics are those of what it is given."""
    if isinstance(module, _InstanceNorm):
        return module.training or not module.track_running_stats
    if isinstance(module, _BatchNorm):
        return module.training or module.running_mean is None
    return isinstance(module, nn.GroupNorm)


def _watch(seen: Seen, norm: nn.Module, given: tuple[Tensor, ...]) -> None:
    if isinstance(norm, _BatchNorm) or len(given[0]) == 1:
        seen.add(given[0])


def _answer(seen: Seen, norm: Any, given: tuple[Tensor, ...], answer: Tensor) -> Tensor:
    maps = given[0]
    groups = norm.num_groups if isinstance(norm, nn.GroupNorm) else maps.shape[1]
    mean, variance = (each.to(maps) for each in seen.statistics(groups))
    return batch_norm(maps, mean, variance, norm.weight, norm.bias, training=False, eps=norm.eps)
