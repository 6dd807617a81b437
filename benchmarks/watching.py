"""What the watch costs: the standard diagnostics and monitors at their standard cadence, as a share of the rounds.

    python benchmarks/watching.py                              dcgan-32, sngan-32, digits and ring
    python benchmarks/watching.py dcgan-32 --every 20          whole cycles of the rarest diagnostic

One thread, processor seconds. What is timed is every tick of a cycle, what `jsonl` and `tensorboard` write of it, and
rounds between ticks, in one process; pictures are left out. Weights are the same to the bit with and without it, which
tests/engine/test_bits.py holds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

from ganlab import Reporter, RunInfo
from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine.game import Game
from ganlab.engine.guard import blaming
from ganlab.engine.loop import play_round
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from ganlab.plugins import Plugins
from ganlab.recipe import override, read_toml, to_toml

RECIPES = Path(__file__).parents[1] / "ganlab" / "builtin" / "recipes"
TIMED = 12
"""Rounds that are timed between two ticks; the others are played unseen where they are cheap, and left out else."""


def reporters(game: Game, recipe: str, folder: Path, plugins: Plugins) -> list[Reporter]:
    """Those of a run that write numbers, begun."""
    made: list[Reporter] = [plugins.find("reporters", name).create() for name in ("jsonl", "tensorboard")]
    for each in made:
        each.start(RunInfo("run", folder, recipe, 1.0, tuple(game.players), "cpu"), game.clock.progress, None)
    return made


def share(name: str, cycle: int, folder: Path, plugins: Plugins) -> tuple[float, float, float, float, int]:
    """Seconds of a mean tick, of what is written of it, and of a round, the ratio of tick and writing to a tick's
    rounds, and how many those are."""
    tree = override(read_toml(RECIPES / f"{name}.toml"), ["threads=1"])
    game = build_game(resolve(tree, plugins), plugins, "cpu")
    written_by = reporters(game, to_toml(tree), folder, plugins)
    play_round(game)
    before = game.clock.samples
    play_round(game)
    rounds = max(1, round(game.watching.tick_samples / (game.clock.samples - before)))
    ticks, writes, turns = [], [], []
    with blaming([game]):  # as in a run
        first = watch(game, Run())  # statistics of the real data are made once
        for each in written_by:
            each.tick(first)
        for _ in range(cycle):
            for _ in range(TIMED):
                began = time.process_time()
                play_round(game)
                turns.append(time.process_time() - began)
            began = time.process_time()
            tick = watch(game, Run())
            ticks.append(time.process_time() - began)
            began = time.process_time()
            for each in written_by:
                each.tick(tick)
            writes.append(time.process_time() - began)
    seconds, write, turn = statistics.mean(ticks), statistics.mean(writes), statistics.median(turns)
    return seconds, write, turn, (seconds + write) / (turn * rounds), rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["dcgan-32", "sngan-32", "digits", "ring"])
    parser.add_argument("--every", type=int, default=10, help="ticks that are timed: cycles of the rarest diagnostic")
    arguments = parser.parse_args()
    plugins = Plugins()
    print("| recipe | rounds a tick | a round, ms | a tick, ms | its records, ms | share |")
    print("|---|---|---|---|---|---|")
    for name in arguments.recipes:
        with tempfile.TemporaryDirectory() as folder:
            tick, write, turn, part, rounds = share(name, arguments.every, Path(folder), plugins)
        held = "held" if part <= 0.03 else "**missed**"
        costs = f"{turn * 1000:.1f} | {tick * 1000:.0f} | {write * 1000:.1f}"
        print(f"| {name} | {rounds} | {costs} | {part:.2%}, {held} |", flush=True)


if __name__ == "__main__":
    main()
