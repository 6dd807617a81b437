"""Before games are played together, it is seen whether the first round comes out as it does alone.

Promises may be broken, a module may not be made for `vmap`, and a plugin may draw from the random numbers that all
share: the first and the last game play the round alone, and are put back; then it is played together. Nobody is handed
a result that is not that of single games.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from ganlab.engine.checkpoint import component_states, restore_components
from ganlab.engine.container import one_line
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round
from ganlab.engine.shared_random import random_state, restore_random
from ganlab.engine.snapshots import copied
from ganlab.engine.together.game import JointGame
from ganlab.errors import DataError, DivergedError

NEAR, TINY = 1e-3, 1e-6
"""Relative to the larger one, and beside it; float32 leaves about 1e-6 of a perceptron's numbers."""


class Position:
    """Where a game stands, to put it back to."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._clock = asdict(game.clock)
        self._players = {name: copied(player.state()) for name, player in game.players.items()}
        self._streams = {name: stream.position for name, stream in game.streams.items()}
        self._ledger = copied(game.ledger.state())
        self._components = copied(component_states(game.components()))

    def put_back(self) -> None:
        """The game stands there again, and has its weights for itself."""
        game = self._game
        for name, value in self._clock.items():
            setattr(game.clock, name, value)
        for name, player in game.players.items():
            for each in {id(network): network for network in (player.network, player.averaged)}.values():
                for tensor in [*each.parameters(), *each.buffers()]:
                    tensor.data = tensor.data.clone()
            player.freeze(False)
            player.forget_gradients()
            player.restore(copied(self._players[name]))  # an optimiser goes on writing on what it is given
        for name, stream in game.streams.items():
            stream.move_to(self._streams[name])
        game.ledger.restore(self._ledger)
        restore_components(game.components(), copied(self._components))


def rehearsed(games: Sequence[Game]) -> JointGame | str:
    """The games as one, after their next round; or why they cannot be played as one, and they stand where they were."""
    positions = [Position(each) for each in games]
    alone: dict[int, Mapping[str, float]] = {}
    for number in sorted({0, len(games) - 1}):
        try:
            alone[number] = played_alone(games[number])
        except Shared as why:
            return str(why)
        except (DivergedError, DataError):  # it will be said when it is played
            alone[number] = {}
        finally:
            positions[number].put_back()
    try:
        joint = JointGame(games)
        joint.play_round()
        for number, measured in alone.items():
            if number not in joint.broken:
                compare(joint.ledger.means(number), measured)
        return joint
    except Exception as error:
        for each in positions:
            each.put_back()
        return (
            one_line(error)
            if isinstance(error, Otherwise | ValueError)
            else f"{type(error).__name__}: {one_line(error)}"
        )


class Shared(Exception):
    """Games would get into each other's way."""


class Otherwise(Exception):
    """A round comes out otherwise than alone."""


def played_alone(game: Game) -> Mapping[str, float]:
    """What the ledger says of the game's next round. Raises `Shared`."""
    game.ledger.clear()
    before = random_state(game.place.device)
    play_round(game)
    if not same(before, random_state(game.place.device)):
        restore_random(before, game.place.device)
        raise Shared("something draws from the random numbers that all games share")
    for player in game.players.values():
        reached = [each.grad is not None for each in player.parameters.values()]
        if any(reached) and not all(reached):
            raise Shared(f"player '{player.name}' has weights that no cost reaches")
    return game.ledger.read()


def same(one: Any, other: Any) -> bool:
    """True if two trees of plain values and tensors are equal."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and torch.equal(one, other)
    if isinstance(one, Mapping):
        return all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return all(same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


def compare(together: Mapping[str, float], alone: Mapping[str, float]) -> None:
    """Raise `Otherwise` unless both tell of the same costs and gradients, as far as float32 goes. How far a player
    moves is another matter: Adam's first step goes by signs, and makes as much of a rounding error as of a gradient; so
    does the sign of a logit."""
    for name, value in alone.items():
        if name.startswith(("update/", "sign-real/")):
            continue
        told = together.get(name, value)
        if abs(told - value) > NEAR * max(abs(told), abs(value)) + TINY:
            raise Otherwise(f"{name} of the first round is {told:g} together and {value:g} alone")
