"""One match: ganlab's loop and those of others, on copies of the same networks, played by turns and timed.

ganlab's is `ganlab.engine.loop.play` itself; the gate stands where it would hear of a signal to end.
"""

from __future__ import annotations

import sys
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import peers
import torch
from pacing import Gate

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.assemble.runs import make_reporters
from ganlab.engine.game import Game
from ganlab.engine.loop import play
from ganlab.engine.run import Run
from ganlab.interfaces.reporter import RunInfo
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe, override, read_toml

WARM_UP = 3
"""Stints before the first that counts."""


@dataclass(frozen=True)
class Match:
    """A recipe beside this file, how it is timed, against whom, and the ratios that must hold."""

    recipe: str
    rounds: int
    stint: int
    ours: dict[str, tuple[str, ...]]
    theirs: dict[str, peers.Loop]
    bars: dict[tuple[str, str], float]


class PacedRun(Run):
    """A run whose loop waits at the gate where it would hear of a signal to end."""

    def __init__(self, gate: Gate, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._gate = gate

    def asked_to_end(self, game: Game) -> bool:
        """Never asked."""
        self._gate.pass_through()
        return False


@dataclass
class Contestant:
    """One loop at its gate, and the seconds a round took: in each stint, and by kind of stint."""

    name: str
    gate: Gate
    shares: dict[str, float]
    game: Game | None = None
    """ganlab's, which knows when it ticks."""
    logs_every: int = 0
    """Rounds from one line of a peer's log to the next."""
    played: int = 0
    stints: list[float] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def play(self, counts: bool) -> None:
        """One stint."""
        ticks = self.game.clock.ticks if self.game else 0
        seconds = self.gate.play() / self.gate.stint
        self.played += self.gate.stint
        if counts:
            self.stints.append(seconds)
            self.seconds.setdefault(self._kind(ticks), []).append(seconds)

    def _kind(self, ticks_before: int) -> str:
        if self.game is None:
            return "log" if self.logs_every and self.played % self.logs_every == 0 else "round"
        if self.game.clock.ticks == ticks_before:
            return "round"
        return "tick" if ticks_before % self.game.watching.picture_every else "tick with pictures"

    @property
    def cost(self) -> float:
        """Seconds a round: the median of each kind of stint by its share."""
        if missing := [kind for kind, share in self.shares.items() if share and kind not in self.seconds]:
            sys.exit(f"{self.name}: no stint was a {missing[0]}; play more --rounds")
        return sum(share * median(self.seconds[kind]) for kind, share in self.shares.items() if share)


def our_recipe(match: Match, plugins: Plugins, changes: tuple[str, ...] = ()) -> Recipe:
    """The match's recipe with these changes."""
    tree = read_toml(Path(__file__).with_name(match.recipe))
    return resolve(override(tree, ["checkpoint_seconds=1e9", *changes]), plugins)


def our_contestant(
    name: str, match: Match, recipe: Recipe, plugins: Plugins, device: torch.device, folder: Path
) -> Contestant:
    """ganlab's loop, with everything the recipe watches and reports."""
    game = build_game(recipe, plugins, str(device))
    budget = game.clock.budget_samples
    info = RunInfo(name, folder, "", recipe.kimg, tuple(game.players), str(device))
    gate = Gate(match.stint, device)
    run = PacedRun(gate, info, make_reporters(recipe, plugins, ()))

    def loop(_: Gate) -> None:
        run.start(game)
        play(game, run)
        sys.exit(f"{name}: the recipe's budget of {budget / 1000:g} kimg is spent; play fewer --rounds")

    gate.start(loop)
    stints = game.watching.tick_samples / (recipe.batch_size * match.stint)
    assert stints >= 1, "at most one tick in a stint"
    pictures = 1 / game.watching.picture_every
    shares = {"round": 1 - 1 / stints, "tick": (1 - pictures) / stints, "tick with pictures": pictures / stints}
    return Contestant(name, gate, shares, game)


def their_sides(match: Match, recipe: Recipe, plugins: Plugins, device: torch.device, folder: Path) -> list[peers.Side]:
    """For each peer, copies of the networks that ganlab builds, contiguous, with batches of the same data."""
    game = build_game(recipe, plugins, str(device))
    made = next(iter(game.stage.task.makes()))
    batches = [game.stage.task.real(game.streams[""].take())[made].contiguous() for _ in range(16)]
    judge = next(name for name in game.players if name != "generator")
    options = recipe.players["generator"].optimizer.options
    sides = []
    for name in match.theirs:
        networks = [deepcopy(game.players[each].network) for each in ("generator", judge)]
        generator, discriminator = (each.to(memory_format=torch.contiguous_format) for each in networks)
        adam = {"lr": options["lr"], "betas": tuple(options["betas"])}
        latent_size = recipe.task.options["latent_size"]
        sides.append(peers.Side(generator, discriminator, latent_size, adam, batches, device, folder / name))
    return sides


def contest(match: Match, device: torch.device, rounds: int) -> list[Contestant]:
    """All loops of the match, played by turns."""
    plugins = Plugins()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        recipe = our_recipe(match, plugins)
        contestants = []
        sides = their_sides(match, recipe, plugins, device, folder)
        for (name, loop), side in zip(match.theirs.items(), sides, strict=True):
            side.folder.mkdir()
            gate = Gate(match.stint, device)
            gate.start(lambda gate, loop=loop, side=side: loop(side, gate))
            logs_every = peers.LOGS_EVERY.get(loop, 0)
            share = match.stint / logs_every if logs_every else 0.0
            contestants.append(Contestant(name, gate, {"round": 1 - share, "log": share}, logs_every=logs_every))
        for name, changes in match.ours.items():
            (folder / name).mkdir()
            recipe = our_recipe(match, plugins, changes)
            contestants.append(our_contestant(name, match, recipe, plugins, device, folder / name))
        for number in range(WARM_UP + rounds // match.stint):
            for contestant in contestants:
                contestant.play(counts=number >= WARM_UP)
        for contestant in contestants:
            contestant.gate.stop()
    return contestants
