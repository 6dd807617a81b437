"""What a checkpoint holds of a game, and how a game is put back to where it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, fields
from typing import Any

import torch

from ganlab.engine import vetting
from ganlab.engine.container import one_line
from ganlab.engine.controls import reapply
from ganlab.engine.game import Clock, Game
from ganlab.engine.intervening import restored
from ganlab.engine.shared_random import check_random, random_state, restore_random
from ganlab.engine.signals import BrokenOff
from ganlab.errors import CheckpointError, DivergedError, GanlabError
from ganlab.interfaces.component import Component


def game_state(game: Game) -> dict[str, Any]:
    """Everything that decides how the game goes on, except what the recipe says."""
    return {
        "clock": asdict(game.clock),
        "players": {name: player.state() for name, player in game.players.items()},
        "streams": {name: stream.position for name, stream in game.streams.items()},
        "ledger": game.ledger.state(),
        "components": component_states(game.components()),
        "silenced": sorted(game.silenced),
        "health": game.health.state(),
        "snapshots": game.snapshots.state(),
        "interventions": {name: list(each) for name, each in game.acted.items()},
        "actions": game.applied,
        "random": random_state(game.place.device),
    }


def component_states(components: Mapping[str, Component]) -> dict[str, dict[str, Any]]:
    """What each has to remember."""
    return {name: dict(each.state()) for name, each in components.items()}


def restore_game(game: Game, state: Mapping[str, Any], *, allow_nonfinite: bool = False) -> None:
    """Put the game where it was; random state last, so that nothing draws in between.

    Raises `CheckpointError` if the state is another game's, is not what `game_state` makes, or holds weights that are
    not finite and are not allowed.
    """
    try:
        check_state(game, state)
        budget = {"budget_samples": game.clock.budget_samples, "budget_rounds": game.clock.budget_rounds}
        game.clock = Clock(**{**state["clock"], **budget})
        for name, player in game.players.items():
            try:
                player.restore(state["players"][name])
            except CheckpointError as error:
                raise CheckpointError(f"the checkpoint does not fit player '{name}': {error}") from None
            vetting.check_factor(name, player.learning_rate_factor)
        game.nonfinite = allow_nonfinite and not_finite(game) is not None
        if not allow_nonfinite and (told := not_finite(game)) is not None:
            raise CheckpointError(f"{told} holds numbers that are not finite; take an older one, or --allow nonfinite")
        for name, stream in game.streams.items():
            stream.move_to(state["streams"][name])
        game.ledger.restore(state["ledger"])
        game.applied = list(state["actions"])
        game.silenced = set(state.get("silenced", ()))  # format 1 had none
        reapply(game)
        if "health" in state:  # it was not kept at first
            game.health.restore(state["health"])
            game.snapshots.restore(state["snapshots"], game.players)
            game.acted = restored(state["interventions"])
        restore_components(game.components(), state["components"])
        restore_random(state["random"], game.place.device)
    except (CheckpointError, MemoryError, torch.OutOfMemoryError):
        raise
    except GanlabError as error:
        raise CheckpointError(f"the checkpoint does not fit this game: {one_line(error)}") from error
    except Exception as error:  # the hash was right, and still it is not what we write
        raise CheckpointError(
            f"the checkpoint does not hold a game ({type(error).__name__}: {one_line(error)})"
        ) from error


def check_state(game: Game, state: Mapping[str, Any]) -> None:
    """Raise `CheckpointError`, or what Python says of a part that is missing, if the state beside the weights is none
    that this game could have been in."""
    vetting.check_clock(
        vetting.table("clock", state["clock"]),
        [each.name for each in fields(Clock) if not each.name.startswith("budget")],
    )
    vetting.check_same_names("players", state["players"], game.players)
    vetting.check_players(state["players"])
    vetting.check_same_names("streams", state["streams"], game.streams)
    vetting.check_streams(state["streams"])
    vetting.check_ledger(state["ledger"])
    vetting.check_actions(state["actions"])
    vetting.check_components(state["components"])
    vetting.check_words("silenced", state.get("silenced", []))
    check_random(state["random"])


def restore_components(components: Mapping[str, Component], states: Mapping[str, Any]) -> None:
    """Give each what it had to remember; one that is new to the recipe begins anew."""
    for name, each in components.items():
        if name in states:
            try:
                each.restore(states[name])
            except Exception as error:
                told = f"{type(error).__name__}: {one_line(error)}"
                raise CheckpointError(f"{name} cannot take back its state ({told}); was its plugin changed?") from error


@contextmanager
def forgotten_if_broken_off(game: Game) -> Iterator[None]:
    """Inside, the watch looks. If it is broken off, it remembers nothing of this look, and can look again."""
    kept = deepcopy(component_states(game.watchers()))
    silenced = set(game.silenced)
    try:
        yield
    except BrokenOff:
        restore_components(game.watchers(), kept)
        game.silenced = silenced
        raise


def check_publishable(game: Game) -> None:
    """Raise `DivergedError` rather than publish what would be refused when it is taken back."""
    if not game.nonfinite and (told := not_finite(game)) is not None:
        raise DivergedError(f"{told} stopped being finite by round {game.clock.round}; lower its learning rate")


def not_finite(game: Game) -> str | None:
    """Which weight, average or memory of an optimiser is not finite, and whose; None if all are."""
    for player in game.players.values():
        if (name := player.first_not_finite()) is not None:
            return f"{name} of player '{player.name}'"
    return None
