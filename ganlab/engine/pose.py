"""Networks as a look finds them: in the mode they are sampled in, frozen, and back as they were afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from ganlab.engine.player import Player


class Pose:
    """All networks of the players, and what a look at them may move: modes, buffers, hooks, who asks for a gradient.

    Weights are not kept, which would take as much memory again; they are counted and measured, so that whoever changes
    one is found out.
    """

    def __init__(self, players: Mapping[str, Player]) -> None:
        self._networks: dict[str, list[Module]] = {
            name: list({id(each): each for each in (player.network, player.averaged)}.values())
            for name, player in players.items()
        }
        networks = [(each, players[name].sampling_mode) for name, some in self._networks.items() for each in some]
        self._modes = [
            (each, each.training, mode == "train") for network, mode in networks for each in network.modules()
        ]
        self._hooks = [(hooks, dict(hooks)) for module, _, _ in self._modes for hooks in hooks_of(module)]
        self._buffers = [each for network, _ in networks for each in network.buffers() if not is_spread(each)]
        self._kept = [each.clone() for each in self._buffers]
        self._asking = [(each, each.requires_grad) for network, _ in networks for each in network.parameters()]
        self._counts = self._count()
        self._norms = self._measure()

    def take(self) -> None:
        """Every network in the mode it is sampled in, with the buffers it had."""
        for module, _, posed in self._modes:
            module.training = posed
        self._put_back()

    def leave(self) -> None:
        """Everything as it was."""
        for module, training, _ in self._modes:
            module.training = training
        self._put_back()

    def moved(self, *, surely: bool = False) -> str | None:
        """The player whose weights were changed, if one's were. Torch counts changes in place, except those through
        `.data`; with `surely` the weights are measured too."""
        counts = self._count()
        for name, count in counts.items():
            if count != self._counts[name]:
                return name
        if surely:
            for name, norm in self._measure().items():
                if not torch.equal(norm.nan_to_num(), self._norms[name].nan_to_num()):
                    return name
        return None

    def _weights(self, name: str) -> list[Tensor]:
        return [each for network in self._networks[name] for each in network.parameters()]

    def _count(self) -> dict[str, list[tuple[int, int]]]:
        return {name: [(id(each), each._version) for each in self._weights(name)] for name in self._networks}

    def _measure(self) -> dict[str, Tensor]:
        with torch.no_grad():
            return {
                name: torch.stack([norm.double() for norm in torch._foreach_norm(weights)])
                for name in self._networks
                if (weights := [each for each in self._weights(name) if each.is_floating_point()])
            }

    def _put_back(self) -> None:
        for parameter, asked in self._asking:
            parameter.requires_grad_(asked)
        for hooks, before in self._hooks:
            if hooks != before:
                hooks.clear()
                hooks.update(before)
        with torch.no_grad():
            if self._buffers:
                torch._foreach_copy_(self._buffers, self._kept)


def hooks_of(module: Module) -> list[dict[int, Any]]:
    """What is called when the module is, beside it."""
    return [module._forward_hooks, module._forward_pre_hooks, module._backward_hooks]


def is_spread(tensor: Tensor) -> bool:
    """True for an expanded tensor: several of its elements lie in one place, where nothing can be copied to."""
    return any(stride == 0 and size > 1 for stride, size in zip(tensor.stride(), tensor.shape, strict=True))


@contextmanager
def posed(players: Mapping[str, Player]) -> Iterator[Pose]:
    """Inside, the networks hold their pose."""
    pose = Pose(players)
    try:
        pose.take()
        yield pose
    finally:
        pose.leave()
