"""Steps of K games' optimisers: one for all where they agree and move each number by itself, else one after another.

All that moves number by number in `PROPORTIONAL` moves in proportion to its learning rate. Where rates differ, one step
at the largest is made, and each game goes its share of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from typing import Any

import torch
from torch import Tensor, optim
from torch.optim import Optimizer

from ganlab.engine.player import Player, bare_step
from ganlab.engine.together.weights import Weights
from ganlab.values import Progress

PROPORTIONAL = frozenset(
    {optim.SGD, optim.Adam, optim.AdamW, optim.Adamax, optim.NAdam, optim.RAdam, optim.RMSprop, optim.Adagrad}
    | {optim.Adadelta}
)


def step_apart(players: Sequence[Player], weights: Weights, progress: Progress) -> None:
    """Each game's own optimiser makes its own step along its row of the gradient."""
    assert weights.flat.grad is not None
    gradients = weights.cut(weights.flat.grad)
    for number, player in enumerate(players):
        for name, parameter in player.parameters.items():
            parameter.grad = gradients[name][number]
        player.set_learning_rate(progress)
        player.move()
        player.forget_gradients()


def in_one(players: Sequence[Player]) -> bool:
    """True if one step can be made for all."""
    optimizers = [each.optimizer for each in players]
    kind = type(optimizers[0])
    if kind not in PROPORTIONAL or any(type(each) is not kind or len(each.param_groups) != 1 for each in optimizers):
        return False
    remembered = [memory(each) for each in players]
    first = remembered[0]
    if any(each.dim() == 0 for each in players[0].parameters.values()) or any(each != first[0] for each in first):
        return False
    same = all(settings(each) == settings(optimizers[0]) for each in optimizers)
    return same and all(each == first for each in remembered)


def settings(optimizer: Optimizer) -> dict[str, Any]:
    """Its options, but for the learning rate."""
    (group,) = optimizer.param_groups
    return {name: each for name, each in group.items() if name not in ("params", "lr")}


def memory(player: Player) -> list[dict[str, Any]]:
    """What its optimiser remembers of each parameter: how often it has moved, and of what it remembers number by number
    only that it does."""
    kept = player.optimizer.state
    return [
        {
            key: "a row" if is_row(value, parameter) else value.item() if isinstance(value, Tensor) else value
            for key, value in kept.get(parameter, {}).items()
        }
        for parameter in player.parameters.values()
    ]


def is_row(value: Any, parameter: Tensor) -> bool:
    """True for what is remembered number by number."""
    return isinstance(value, Tensor) and value.shape == parameter.shape


class OneStep:
    """One optimiser over the rows of all games. Make it only where `in_one`."""

    def __init__(self, players: Sequence[Player], weights: Weights) -> None:
        self._players = players
        self._weights = weights
        self._optimizer = copy(players[0].optimizer)
        self._optimizer.param_groups = [{**self._optimizer.param_groups[0], "params": [weights.flat]}]
        self._optimizer.state = defaultdict(dict)
        kept = [[each.optimizer.state.get(part, {}) for part in each.parameters.values()] for each in players]
        for key, value in kept[0][0].items():
            if is_row(value, next(iter(players[0].parameters.values()))):
                value = torch.stack([torch.cat([part[key].flatten() for part in parts]) for parts in kept])
            self._optimizer.state[weights.flat][key] = value.clone() if isinstance(value, Tensor) else value
        self._move = bare_step(self._optimizer)
        self._rates: list[float] = []
        self._shares = torch.empty(0)

    def step(self, progress: Progress) -> None:
        """Every game at its own learning rate."""
        rates = [each.learning_rate(progress) for each in self._players]
        largest = max(rates)
        self._optimizer.param_groups[0]["lr"] = largest
        if min(rates) == largest:
            self._move()
            return
        if rates != self._rates:
            self._rates = rates
            self._shares = torch.tensor([[each / largest] for each in rates], device=self._weights.flat.device)
        with torch.no_grad():
            before = self._weights.flat.clone()
            self._move()
            self._weights.flat.copy_(before.lerp_(self._weights.flat, self._shares))

    def lend(self, number: int) -> None:
        """Let the memory of one game's optimiser be a view of this one's."""
        state = self._players[number].optimizer.state
        for key, value in self._optimizer.state[self._weights.flat].items():
            rows = isinstance(value, Tensor) and value.shape == self._weights.flat.shape
            parts = self._weights.cut(value) if rows else {}
            for name, parameter in self._players[number].parameters.items():
                state[parameter][key] = parts[name][number] if rows else value

    def give_back(self, number: int) -> None:
        """Let one game's optimiser have for itself what it was lent."""
        for kept in self._players[number].optimizer.state.values():
            kept.update({key: each.clone() for key, each in kept.items() if isinstance(each, Tensor)})
