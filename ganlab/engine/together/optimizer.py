"""Steps of K games' optimisers: one for all that agree and move each number by itself, else one after another.

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


class Steps:
    """A step of all the players, each by its own optimiser's rules."""

    def __init__(self, players: Sequence[Player], weights: Weights) -> None:
        self._players = players
        self._weights = weights
        self._groups = [OneStep(players, weights, numbers) for numbers in in_one(players)]
        self._group = {number: group for group in self._groups for number in group.numbers}
        self._apart = [number for number in range(len(players)) if number not in self._group]

    def step(self, progress: Progress) -> None:
        """Move along the gradient of the weights."""
        for group in self._groups:
            group.step(progress)
        if not self._apart:
            return
        assert self._weights.flat.grad is not None
        gradients = self._weights.cut(self._weights.flat.grad)
        for number in self._apart:
            player = self._players[number]
            for name, parameter in player.parameters.items():
                parameter.grad = gradients[name][number]
            player.set_learning_rate(progress)
            player.move()
            player.forget_gradients()

    def lend(self, number: int) -> None:
        """Let the memory of one game's optimiser be what it is here."""
        if number in self._group:
            self._group[number].lend(number)

    def give_back(self, number: int) -> None:
        """Let one game's optimiser have for itself what it was lent."""
        if number in self._group:
            for kept in self._players[number].optimizer.state.values():
                kept.update({key: each.clone() for key, each in kept.items() if isinstance(each, Tensor)})


def in_one(players: Sequence[Player]) -> list[list[int]]:
    """The places of those for whom one step can be made, in groups; who has to make its own is in none."""
    groups: list[list[int]] = []
    known: list[Any] = []
    for number, player in enumerate(players):
        if not moves_by_number(player):
            continue
        rules = type(player.optimizer), settings(player.optimizer), memory(player)
        if rules not in known:
            known.append(rules)
            groups.append([])
        groups[known.index(rules)].append(number)
    return groups


def moves_by_number(player: Player) -> bool:
    """True if its optimiser treats all its weights alike, each by itself."""
    if type(player.optimizer) not in PROPORTIONAL or len(player.optimizer.param_groups) != 1:
        return False
    remembered = memory(player)
    return all(each.dim() for each in player.parameters.values()) and all(each == remembered[0] for each in remembered)


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
    """One optimiser over the rows of the games of these numbers, a group of `in_one`."""

    def __init__(self, players: Sequence[Player], weights: Weights, numbers: Sequence[int]) -> None:
        self.numbers = numbers
        self._players = [players[number] for number in numbers]
        self._weights = weights
        all_rows = len(numbers) == len(players)
        self._rows = None if all_rows else torch.tensor(numbers, device=weights.flat.device)
        self._flat = weights.flat if self._rows is None else weights.flat.detach()[self._rows].requires_grad_(True)
        first = self._players[0]
        self._optimizer = copy(first.optimizer)
        self._optimizer.param_groups = [{**self._optimizer.param_groups[0], "params": [self._flat]}]
        self._optimizer.state = defaultdict(dict)
        kept = [[each.optimizer.state.get(part, {}) for part in each.parameters.values()] for each in self._players]
        for key, value in kept[0][0].items():
            if is_row(value, next(iter(first.parameters.values()))):
                value = torch.stack([torch.cat([part[key].flatten() for part in parts]) for parts in kept])
            self._optimizer.state[self._flat][key] = value.clone() if isinstance(value, Tensor) else value
        self._move = bare_step(self._optimizer)
        self._rates: list[float] = []
        self._shares = torch.empty(0)

    def step(self, progress: Progress) -> None:
        """Every game at its own learning rate."""
        if self._rows is None:
            self._go(progress)
            return
        whole = self._weights.flat
        assert whole.grad is not None
        with torch.no_grad():
            self._flat.copy_(whole[self._rows])
            self._flat.grad = whole.grad[self._rows]
            self._go(progress)
            whole[self._rows] = self._flat

    def _go(self, progress: Progress) -> None:
        rates = [each.learning_rate(progress) for each in self._players]
        largest = max(rates)
        self._optimizer.param_groups[0]["lr"] = largest
        if min(rates) == largest:
            self._move()
            return
        if rates != self._rates:
            self._rates = rates
            self._shares = torch.tensor([[each / largest] for each in rates], device=self._flat.device)
        with torch.no_grad():
            before = self._flat.clone()
            self._move()
            self._flat.copy_(before.lerp_(self._flat, self._shares))

    def lend(self, number: int) -> None:
        """Let the memory of one game's optimiser be a view of this one's."""
        place = self.numbers.index(number)
        player = self._players[place]
        for key, value in self._optimizer.state[self._flat].items():
            rows = isinstance(value, Tensor) and value.shape == self._flat.shape
            parts = self._weights.cut(value) if rows else {}
            for name, parameter in player.parameters.items():
                player.optimizer.state[parameter][key] = parts[name][place] if rows else value
