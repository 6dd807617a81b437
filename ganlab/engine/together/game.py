"""K games as one, between two ticks: what lies on the table, and how a round is played."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import torch
from torch import Tensor
from torch.nn import Module

from ganlab.engine.board import Draws
from ganlab.engine.charging import total_cost
from ganlab.engine.finite import first_not_finite
from ganlab.engine.game import Game
from ganlab.engine.move import told_of
from ganlab.engine.round import Round
from ganlab.engine.together.components import joint_stage
from ganlab.engine.together.networks import Own
from ganlab.engine.together.player import StackedPlayer
from ganlab.engine.together.rows import JointDeck, JointDraws, JointLedger, own_rows
from ganlab.engine.together.turn import OwnTurn
from ganlab.engine.turn import OpenTurn
from ganlab.errors import GanlabError
from ganlab.interfaces.turn import Turn

COUNTS = ("round", "samples", "draws", "turns", "stage")
"""What a round moves on in a clock."""


class JointGame:
    """Plays the rounds of K games that agree (see `agreement`), and holds their weights until `give_back`."""

    accumulate = 1

    def __init__(self, games: Sequence[Game]) -> None:
        first = games[0]
        self.games = list(games)
        self.place = first.place
        self.clock = replace(first.clock)
        self.players = {name: StackedPlayer([each.players[name] for each in games]) for name in first.players}
        self.networks: dict[str, Module] = {name: each.network for name, each in self.players.items()}
        weights = {name: each.weights for name, each in self.players.items()}
        self._own_networks = [Own(number, each.networks, weights) for number, each in enumerate(games)]
        self.stage = joint_stage([each.stage for each in games], self._own_turn, self.place.device)
        self.streams = {key: JointDeck([each.streams[key] for each in games]) for key in self.stage.streams.values()}
        self.ledger = JointLedger([each.ledger for each in games])
        self.draws = JointDraws([each.draws for each in games])
        self._streams: dict[str, JointDraws] = {}
        self.broken: dict[int, GanlabError] = {}
        """Games a number of which has stopped being finite, by their place, and how. They have left."""

    def stream(self, purpose: str) -> Draws:
        """The purpose's randomness of all games."""
        if purpose not in self._streams:
            self._streams[purpose] = JointDraws([each.stream(purpose) for each in self.games])
        return self._streams[purpose]

    def mean(self, cost: Tensor) -> Tensor:
        """What a turn costs each game (K,), from costs of which each has as many, in its place."""
        if cost.dim() == 0 or len(cost) % len(self.games):
            raise ValueError(f"costs {tuple(cost.shape)} are not those of each sample")
        return cost if len(cost) == len(self.games) == cost.numel() else cost.reshape(len(self.games), -1).mean(1)

    def play_round(self) -> None:
        """Every turn that is due, of all games. Those that break are in `broken` afterwards, as they were before the
        step that could not be made."""
        clock, before = self.clock, self.clock.samples
        measured = before == self.games[0].clock.last_tick
        table = Round(self)
        for player, (turn,) in table.turns():
            for other in self.players.values():
                other.freeze(other is not player)
            if self._take_turn(player, turn, measured):
                table.stepped(player)
        for number in self._doubtful(reduce(torch.add, [each.weights.extents() for each in self.players.values()])):
            self._count(number)
            try:
                self.games[number].check_weights()
            except GanlabError as error:
                self._break(number, error)
        clock.round += 1
        for player in self.players.values():
            player.average(clock.progress, clock.samples - before)
        if clock.samples >= self.stage.until_samples:
            clock.stage += 1
        for number in self._playing:
            self._count(number)

    def lend(self) -> None:
        """Let the games be whole: their weights are at all times, their optimisers and ledgers from now to the next
        round."""
        self.ledger.hand_out()
        for number in self._playing:
            for player in self.players.values():
                player.lend(number)

    def give_back(self) -> None:
        """Let the games, which were lent, go their own ways."""
        for number in self._playing:
            for player in self.players.values():
                player.give_back(number)

    @property
    def _playing(self) -> list[int]:
        return [number for number in range(len(self.games)) if number not in self.broken]

    def _take_turn(self, player: StackedPlayer, turn: OpenTurn, measured: bool) -> bool:
        player.forget_gradients()
        cost = total_cost(turn, self.stage.charges)
        if cost is None:
            return False
        cost.sum().backward()  # type: ignore[no-untyped-call]
        norms = player.gradient_norms()
        if norms is None:
            return True
        for number in self._doubtful(cost.detach() + norms):
            if not math.isfinite(cost[number].item()):
                self._blame(turn, number, f"the cost of player '{player.name}' is {cost[number].item()}")
                continue
            gradient = {name: each[number] for name, each in player.gradients().items()}
            if (name := first_not_finite(gradient)) is not None:  # a norm may also overflow
                self._blame(turn, number, f"the gradient of '{name}' of player '{player.name}' is not finite")
        moved = player.step(turn.progress, norms, measured=measured)
        turn.record(f"gradient-norm/{player.name}", norms)
        if moved is not None:
            turn.record(f"update/{player.name}", moved)
        return True

    def _doubtful(self, numbers: Tensor) -> list[int]:
        """The places of games whose number is not finite, and that have not left."""
        told = enumerate(numbers.tolist())
        return [number for number, each in told if not math.isfinite(each) and number not in self.broken]

    def _blame(self, turn: OpenTurn, number: int, what: str) -> None:
        costs = {name: each[number] for name, each in turn.charged.items()}
        self._count(number)
        self._break(number, told_of(own_rows(turn.batch, number, len(self.games)), costs, what, turn.progress))

    def _break(self, number: int, error: GanlabError) -> None:
        self.broken[number] = error
        for player in self.players.values():
            player.lend(number)
            player.give_back(number)

    def _count(self, number: int) -> None:
        for name in COUNTS:
            setattr(self.games[number].clock, name, getattr(self.clock, name))

    def _own_turn(self, turn: Turn, number: int) -> Turn:
        return OwnTurn(turn, self.games[number], self._own_networks[number], number, len(self.games))
