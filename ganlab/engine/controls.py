"""The only place where an action touches the game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ganlab.engine.game import Game
from ganlab.engine.phase import Stage, Weight
from ganlab.engine.schedule import Constant, Scaled
from ganlab.errors import PluginError, nearest
from ganlab.values import (
    Action,
    RollBack,
    ScaleLearningRate,
    ScaleWeight,
    SetProbability,
    SetTurns,
    SetWeight,
    Stop,
)

KINDS: dict[str, type[Action]] = {
    kind.__name__: kind
    for kind in (ScaleLearningRate, SetWeight, ScaleWeight, SetTurns, SetProbability, RollBack, Stop)
}

Change = SetWeight | ScaleWeight | SetTurns | SetProbability


def apply(game: Game, action: Action) -> str:
    """Carry the action out, and remember it for the checkpoint. `Stop` is the loop's to obey. Returns what hinders it:
    "" if nothing did."""
    check(game, action)
    if isinstance(action, ScaleLearningRate):
        game.players[action.player].learning_rate_factor *= action.factor
    elif isinstance(action, RollBack):
        if game.snapshots.go_back(game.players, game.health) is None:
            return "no tick is kept that is believed to have been healthy"
    elif not isinstance(action, Stop):
        _change(game, action)
    game.applied.append({"kind": type(action).__name__, **asdict(action)})
    return ""


def check(game: Game, action: Action) -> None:
    """Raise `PluginError` if the game has no such player, term or augmentation."""
    if isinstance(action, ScaleLearningRate):
        _known(action.player, game.players, "player")
    elif isinstance(action, SetProbability):
        _known(action.augmentation, {change.name for stage in game.stages for change in stage.changes}, "augmentation")
    elif isinstance(action, SetWeight | ScaleWeight):
        _known(action.term, {charge.name for stage in game.stages for charge in stage.charges}, "term")
    elif isinstance(action, SetTurns):
        _known(action.player, {phase.player for stage in game.stages for phase in stage.phases}, "phase of player")


def reapply(game: Game) -> None:
    """After a restart: actions that change the rules, in order. What they did to players is the players' own state."""
    for kept in game.applied:
        options: Mapping[str, Any] = {key: value for key, value in kept.items() if key != "kind"}
        action = KINDS[kept["kind"]](**options)
        if not isinstance(action, ScaleLearningRate | RollBack | Stop):
            check(game, action)
            _change(game, action)


def _change(game: Game, action: Change) -> None:
    if isinstance(action, SetProbability):
        for change in (change for stage in game.stages for change in stage.changes):
            if change.name == action.augmentation:
                change.augmentation.probability = action.probability
        return
    game.stages = tuple(_changed(stage, action) for stage in game.stages)


def _changed(stage: Stage, action: SetWeight | ScaleWeight | SetTurns) -> Stage:
    if isinstance(action, SetWeight | ScaleWeight):
        charges = tuple(
            replace(charge, weight=_weight(charge.weight, action)) if charge.name == action.term else charge
            for charge in stage.charges
        )
        return replace(stage, charges=charges)
    turns = action.turns
    phases = tuple(replace(phase, turns=turns) if phase.player == action.player else phase for phase in stage.phases)
    return replace(stage, phases=phases)


def _weight(weight: Weight, action: SetWeight | ScaleWeight) -> Weight:
    return Constant(action.weight) if isinstance(action, SetWeight) else Scaled(weight, action.factor)


def _known(name: str, known: Any, kind: str) -> None:
    if name not in known:
        raise PluginError(
            f"an intervention asks for {kind} '{name}', which is not in this game; put it into the recipe, or name "
            f"another.{nearest(name, known)}"
        )
