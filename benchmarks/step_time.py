"""What a training step costs: ganlab's whole loop against the loops of others, on the same networks and batches.

    pip install --no-deps --target PEERS lightning pytorch-lightning lightning-utilities torchmetrics \
        torchgan torch-mimicry torchvision==0.28.0 fsspec pyyaml tqdm
    python benchmarks/step_time.py --peers PEERS --check

One thread; seconds of the processor (of the clock with --device cuda). All loops are alive at once and play by turns,
a stint each, so that all meet the same machine. ganlab plays `step_time_*.toml` through `ganlab.engine.loop.play`:
data set, moving average, every default measurement, monitor and reporter, at their own cadence; only the checkpoint,
one a minute, is left out. The others are handed ready batches and measure nothing.

A cost is the median over stints. Stints in which ganlab ticks, and those in which it draws pictures too, are medians
of their own, weighted by how often they come. A ratio is how many times faster than that loop ganlab is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

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
from ganlab.values import Ending

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


FLOAT, BRAIN = "ganlab float32 channels_last", "ganlab bfloat16 channels_last"

MATCHES = {
    "dcgan-32": Match(
        recipe="step_time_dcgan.toml",
        rounds=120,
        stint=1,
        ours={FLOAT: (), BRAIN: ("precision=bfloat16",)},
        theirs={
            "plain": peers.plain,
            "lightning": peers.lightning,
            "torchgan": peers.torchgan,
            "mimicry": peers.mimicry,
        },
        bars={
            (FLOAT, "plain"): 1.12,
            (BRAIN, "plain"): 1.75,
            (FLOAT, "lightning"): 1.15,
            (BRAIN, "lightning"): 1.85,
            (FLOAT, "torchgan"): 1.25,
            (BRAIN, "torchgan"): 2.0,
            (FLOAT, "mimicry"): 1.25,
            (BRAIN, "mimicry"): 2.0,
        },
    ),
    "ring": Match(
        recipe="step_time_ring.toml",
        rounds=1500,
        stint=50,
        ours={"ganlab": ()},
        theirs={
            "plain": peers.plain,
            "lightning": peers.lightning,
            "lightning + TensorBoard": peers.lightning_with_tensorboard,
            "torchgan": peers.torchgan,
            "mimicry": peers.mimicry,
        },
        bars={("ganlab", "plain"): 1.10, ("ganlab", "lightning + TensorBoard"): 1.6},
    ),
}


class PacedRun(Run):
    """A run whose loop waits at the gate where it would hear of a signal to end."""

    def __init__(self, gate: Gate, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._gate = gate

    def asked_to_end(self, game: Game) -> Ending | None:
        """Never asked."""
        self._gate.pass_through()
        return None


@dataclass
class Contestant:
    """One loop at its gate, and the seconds a round took, by kind of stint."""

    name: str
    gate: Gate
    shares: dict[str, float] = field(default_factory=lambda: {"round": 1.0})
    game: Game | None = None
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def play(self, counts: bool) -> None:
        """One stint."""
        before = 0 if self.game is None else self.game.clock.ticks
        seconds = self.gate.play() / self.gate.stint
        if counts:
            self.seconds.setdefault(self._kind(before), []).append(seconds)

    def _kind(self, ticks_before: int) -> str:
        if self.game is None or self.game.clock.ticks == ticks_before:
            return "round"
        return "tick" if ticks_before % self.game.watching.picture_every else "tick with pictures"

    @property
    def cost(self) -> float:
        """Seconds a round: the median of each kind of stint by its share."""
        if missing := [kind for kind, share in self.shares.items() if share and kind not in self.seconds]:
            sys.exit(f"{self.name}: no stint was a {missing[0]}; play more --rounds")
        return sum(share * median(self.seconds[kind]) for kind, share in self.shares.items() if share)

    @property
    def spread(self) -> tuple[float, float]:
        """Quartiles of the commonest kind of stint, in seconds a round."""
        commonest = max(self.seconds.values(), key=len)
        low, _, high = quantiles(commonest, n=4)
        return low, high


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
            contestants.append(Contestant(name, gate))
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


def compared(match: Match, contestants: list[Contestant]) -> dict[str, Any]:
    """Costs, ratios, and whether each bar is held."""
    by_name = {each.name: each for each in contestants}
    costs = {name: each.cost for name, each in by_name.items()}
    return {
        "milliseconds": {name: 1000 * cost for name, cost in costs.items()},
        "quartiles": {name: [1000 * value for value in each.spread] for name, each in by_name.items()},
        "kinds": {
            name: {kind: [len(times), 1000 * median(times)] for kind, times in by_name[name].seconds.items()}
            for name in match.ours
        },
        "ratios": {ours: {theirs: costs[theirs] / costs[ours] for theirs in match.theirs} for ours in match.ours},
        "bars": [
            {"ours": ours, "theirs": theirs, "bar": bar, "held": costs[theirs] / costs[ours] >= bar}
            for (ours, theirs), bar in match.bars.items()
        ],
    }


def surroundings(device: torch.device) -> dict[str, str]:
    """The machine and the versions."""
    chip = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        chip = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), chip)
    found = {"device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu", "cpu": chip}
    found["cores"] = f"{os.cpu_count()}, 1 thread used, load {os.getloadavg()[0]:.1f}"
    found["instructions"] = torch.backends.cpu.get_cpu_capability()
    found["python"] = platform.python_version()
    for package in ("ganlab", "torch", "lightning", "torchgan", "torch-mimicry", "torchvision", "tensorboard"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def table(name: str, result: dict[str, Any]) -> str:
    """The result as text."""
    lines = [f"{name:32} {'ms a round':>10}  {'quartiles':>15}" + "".join(f"  {ours:>29}" for ours in result["ratios"])]
    for who, cost in result["milliseconds"].items():
        low, high = result["quartiles"][who]
        cells = "".join(
            f"  {ratios[who]:27.2f} x" if who in ratios else f"  {'':>29}" for ratios in result["ratios"].values()
        )
        lines.append(f"{who:32} {cost:10.2f}  {low:7.2f}-{high:7.2f}{cells}".rstrip())
    for ours, kinds in result["kinds"].items():
        parts = (f"{count} x {kind} {cost:.2f} ms" for kind, (count, cost) in kinds.items())
        lines.append(f"  {ours}: {', '.join(parts)}")
    for bar in result["bars"]:
        ratio = result["ratios"][bar["ours"]][bar["theirs"]]
        verdict = "held" if bar["held"] else "MISSED"
        lines.append(f"  {bar['ours']} >= {bar['bar']:.2f} x {bar['theirs']}: {ratio:.2f}, {verdict}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="What a training step costs, against the loops of others.")
    parser.add_argument("--peers", type=Path, required=True, help="where the peers are installed")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--match", choices=MATCHES, action="append", help="one of them; all if left out")
    parser.add_argument("--rounds", type=int, help="rounds of each loop that count")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a ratio is below its bar")
    arguments = parser.parse_args()
    sys.path.append(str(arguments.peers))
    torch.set_num_threads(1)
    device = torch.device(arguments.device)
    report: dict[str, Any] = {"surroundings": surroundings(device), "matches": {}}
    if not arguments.json:
        print("\n".join(f"{key}: {value}" for key, value in report["surroundings"].items()), flush=True)
    for name in arguments.match or MATCHES:
        match = MATCHES[name]
        result = compared(match, contest(match, device, arguments.rounds or match.rounds))
        report["matches"][name] = result
        if not arguments.json:
            print(f"\n{table(name, result)}", flush=True)
    if arguments.json:
        print(json.dumps(report, indent=1))
    held = all(bar["held"] for result in report["matches"].values() for bar in result["bars"])
    return 0 if held or not arguments.check else 1


if __name__ == "__main__":
    sys.exit(main())
