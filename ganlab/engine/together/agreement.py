"""Whether games may be played together: they follow the same rules, are of one shape and stand at the same place.

What may differ from game to game: seeds, all that is drawn and dealt, learning rates and their schedules, averages,
losses, terms and augmentations with their options, and what terms weigh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import Module

from ganlab.engine import distributed
from ganlab.engine.game import Game
from ganlab.engine.phase import Stage
from ganlab.engine.player import Player
from ganlab.engine.together.components import alike
from ganlab.engine.together.game import COUNTS


def hindrance(game: Game) -> str | None:
    """Why the game cannot be played together with any; None if it can."""
    if distributed.world_size() > 1:
        return "several processes play one game"
    if game.accumulate > 1:
        return "batches are accumulated"
    if game.place.precision != "float32":
        return f"precision is {game.place.precision}, not float32"
    task = game.stage.task
    if not task.per_sample:
        return f"task '{type(task).__name__}' does not promise to treat each sample alone"
    owners: dict[int, str] = {}
    for player in game.players.values():
        if (why := unfit(player)) is not None:
            return f"player '{player.name}' {why}"
        for each in player.network.parameters():
            if owners.setdefault(id(each), player.name) != player.name:
                return f"players '{owners[id(each)]}' and '{player.name}' share weights"
    return None


def unfit(player: Player) -> str | None:
    """What of a player cannot be stacked."""
    named = dict(player.network.named_parameters())
    if len(dict(player.network.named_parameters(remove_duplicate=False))) > len(named):
        return "uses one weight in two places"
    if {id(each) for each in named.values()} != {id(each) for each in player.parameters.values()}:
        return "does not move all weights of its network"
    if not named or any(each.dtype != torch.float32 for each in named.values()):
        return "has weights that are not float32" if named else "has no weights"
    return None


def difference(one: Game, other: Game) -> str | None:
    """In what the games disagree, which must agree to be played together; None if in nothing."""
    for name in COUNTS:
        if getattr(one.clock, name) != getattr(other.clock, name):
            return f"one stands at {name} {getattr(one.clock, name)}, one at {getattr(other.clock, name)}"
    if one.place != other.place:
        return "they are not on one device"
    if {key: each.batch_size for key, each in one.streams.items()} != {
        key: each.batch_size for key, each in other.streams.items()
    }:
        return "their batches are not of one size"
    if not alike(one.stage.task, other.stage.task):
        return "their tasks differ"
    for what, mine, theirs in zip(RULES, rules(one.stage), rules(other.stage), strict=True):
        if mine != theirs:
            return f"their {what} differ"
    if list(one.players) != list(other.players):
        return "their players differ"
    for name, player in one.players.items():
        theirs = other.players[name]
        if (player.average is None) is not (theirs.average is None):
            return f"player '{name}' is not averaged in all"
        if not same_shape(player.network, theirs.network):
            return f"the networks of player '{name}' differ"
    return None


RULES = ("streams", "phases", "weights of views", "terms", "augmentations")


def rules(stage: Stage) -> Iterator[Any]:
    """What is compared of a stage, in the order of `RULES`."""
    yield stage.streams, stage.counted, stage.until_samples
    yield stage.phases
    yield [{**vars(each), "loss": each.loss.compares} for each in stage.stakes]
    yield [(each.name, each.player, each.cadence) for each in stage.charges]
    yield [(each.name, each.view) for each in stage.changes]


def same_shape(one: Module, other: Module) -> bool:
    """True if the networks compute the same, but for their weights."""
    mine, theirs = dict(one.named_modules()), dict(other.named_modules())
    return list(mine) == list(theirs) and all(
        called(module) == called(theirs[name]) and settings(module) == settings(theirs[name])
        for name, module in mine.items()
    )


def called(module: Module) -> tuple[str, str]:
    """The name of its class: torch makes a class of its own for each module with a parametrised weight."""
    return type(module).__module__, type(module).__qualname__


def settings(module: Module) -> dict[str, Any]:
    """What a module is set to, and the shapes of its weights and buffers."""
    own = {name: value for name, value in vars(module).items() if name not in TORCHS or name == "training"}
    tensors = {**module._parameters, **module._buffers}
    return own | {f"shape of {name}": None if each is None else each.shape for name, each in tensors.items()}


TORCHS = frozenset(vars(Module()))
"""What torch itself keeps in a module."""


def agreeing(games: Sequence[Game]) -> tuple[list[int], str | None]:
    """The places of as many games as possible that can be played as one, and what keeps the others from it."""
    groups: list[list[int]] = []
    why = None
    for number, game in enumerate(games):
        if (told := hindrance(game)) is not None:
            why = told
            continue
        for group in groups:
            if (told := difference(games[group[0]], game)) is None:
                group.append(number)
                break
            why = why or told
        else:
            groups.append([number])
    return max(groups, key=len, default=[]), why
