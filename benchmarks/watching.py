"""What the watch costs: the standard diagnostics and monitors at their standard cadence, as a share of the rounds.

    python benchmarks/watching.py                              dcgan-32, sngan-32, digits and ring
    python benchmarks/watching.py dcgan-32 --every 20          whole cycles of the rarest diagnostic

One thread, processor seconds. The game plays all the rounds between ticks; what is timed is every tick of a cycle, with
pictures and records left out, and the rounds, in one process. Weights are the same to the bit with and without it,
which tests/engine/test_bits.py holds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine.loop import play_round
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from ganlab.plugins import Plugins
from ganlab.recipe import override, read_toml

RECIPES = Path(__file__).parents[1] / "ganlab" / "builtin" / "recipes"
TIMED = 12
"""Rounds that are timed between two ticks; the others are played unseen where they are cheap, and left out else."""


def share(name: str, cycle: int, plugins: Plugins) -> tuple[float, float, float, int]:
    """Seconds of a mean tick, of a round, the ratio of both over a tick's rounds, and how many those are."""
    tree = override(read_toml(RECIPES / f"{name}.toml"), ["threads=1", "watch.reporters=[]"])
    game = build_game(resolve(tree, plugins), plugins, "cpu")
    play_round(game)
    before = game.clock.samples
    play_round(game)
    rounds = max(1, round(game.watching.tick_samples / (game.clock.samples - before)))
    ticks, turns = [], []
    watch(game, Run())  # statistics of the real data are made once
    for _ in range(cycle):
        for _ in range(TIMED):
            began = time.process_time()
            play_round(game)
            turns.append(time.process_time() - began)
        began = time.process_time()
        watch(game, Run())
        ticks.append(time.process_time() - began)
    tick, turn = statistics.mean(ticks), statistics.median(turns)
    return tick, turn, tick / (turn * rounds), rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", default=["dcgan-32", "sngan-32", "digits", "ring"])
    parser.add_argument("--every", type=int, default=10, help="ticks that are timed: cycles of the rarest diagnostic")
    arguments = parser.parse_args()
    plugins = Plugins()
    print("| recipe | rounds a tick | a round, ms | a tick, ms | share |")
    print("|---|---|---|---|---|")
    for name in arguments.recipes:
        tick, turn, part, rounds = share(name, arguments.every, plugins)
        held = "held" if part <= 0.03 else "**missed**"
        print(f"| {name} | {rounds} | {turn * 1000:.1f} | {tick * 1000:.0f} | {part:.2%}, {held} |", flush=True)


if __name__ == "__main__":
    main()
