"""What a checkpoint holds, and the folder that keeps the last few."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy
import torch

from ganlab.disk import publish
from ganlab.engine import container
from ganlab.engine.controls import reapply
from ganlab.engine.game import Clock, Game
from ganlab.errors import CheckpointError
from ganlab.interfaces.component import Component

KEPT = 2


def game_state(game: Game) -> dict[str, Any]:
    """Everything that decides how the game goes on, except what the recipe says."""
    return {
        "clock": asdict(game.clock),
        "players": {name: player.state() for name, player in game.players.items()},
        "streams": {name: stream.position for name, stream in game.streams.items()},
        "ledger": game.ledger.state(),
        "components": {name: dict(each.state()) for name, each in game.components().items()},
        "actions": game.applied,
        "random": random_state(game.place.device),
    }


def restore_game(game: Game, state: Mapping[str, Any]) -> None:
    """Put the game where it was; random state last, so that nothing draws in between."""
    budget = (game.clock.budget_samples, game.clock.budget_rounds)
    game.clock = Clock(**{**state["clock"], "budget_samples": budget[0], "budget_rounds": budget[1]})
    for kind, mine in (("players", game.players), ("streams", game.streams)):
        if set(state[kind]) != set(mine):
            raise CheckpointError(f"the checkpoint has {kind} {sorted(state[kind])}, the recipe {sorted(mine)}")
    for name, player in game.players.items():
        try:
            player.restore(state["players"][name])
        except (RuntimeError, KeyError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            raise CheckpointError(f"the checkpoint does not fit player '{name}': {first}") from None
    for name, stream in game.streams.items():
        stream.move_to(state["streams"][name])
    game.ledger.restore(state["ledger"])
    game.applied = list(state["actions"])
    reapply(game)
    components: Mapping[str, Component] = game.components()
    for name, each in components.items():
        if name in state["components"]:
            each.restore(state["components"][name])
    restore_random(state["random"], game.place.device)


def random_state(device: torch.device) -> dict[str, Any]:
    """Global random states: ours never draw from them, but a plugin's network may (dropout)."""
    version, numbers, gauss = random.getstate()
    name, keys, *rest = numpy.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "python": [version, list(numbers), gauss],
        "numpy": [str(name), torch.from_numpy(numpy.asarray(keys, numpy.int64)), *(each for each in rest)],
    }


def restore_random(state: Mapping[str, Any], device: torch.device) -> None:
    """Take back what `random_state` returned."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = state["numpy"]
    numpy.random.set_state((name, keys.numpy().astype(numpy.uint32), *rest))
    if state["cuda"] is not None and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
    torch.set_rng_state(state["torch"])


class CheckpointFolder:
    """`checkpoints/` of a run: the newest valid file is found by looking, never by a pointer."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def save(self, tree: Mapping[str, Any], samples: int) -> Path:
        """Publish a new generation, then let go of all but the last few."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.directory / f"{samples:012d}.ckpt"
        publish(container.pack(tree), path)
        for old in self.generations()[KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def generations(self) -> list[Path]:
        """Checkpoint files, newest first."""
        return sorted(self.directory.glob("*.ckpt"), reverse=True)

    def newest(self) -> tuple[dict[str, Any], Path, list[str]]:
        """The newest checkpoint that is whole, its path, and what was wrong with newer ones."""
        problems: list[str] = []
        for path in self.generations():
            try:
                return container.read(path), path, problems
            except CheckpointError as error:
                problems.append(str(error))
        told = "; ".join(problems) or "no checkpoint was written yet"
        raise CheckpointError(f"{self.directory.parent.name}: {told}")
