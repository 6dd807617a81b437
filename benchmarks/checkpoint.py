"""What a checkpoint costs: the time of one save, in parts, and its share of the run at the default interval.

    python benchmarks/checkpoint.py --check
    python benchmarks/checkpoint.py --saves 30 --folder /somewhere/on/the/disk

One thread. For each recipe, and for a state of 100 MB, a game is built and saved again and again as a run saves it.
`--check` ends with 1 if a save takes more than 1 % of `checkpoint_seconds`, so more than 1 % of a run's time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median, quantiles
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import torch

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.cli.run import find_recipe
from ganlab.disk import publish
from ganlab.engine import container
from ganlab.engine.checkpoint import CheckpointFolder, game_state
from ganlab.engine.loop import play_round
from ganlab.plugins import Plugins
from ganlab.recipe import override

RECIPES = ("ring", "digits", "dcgan-32")
LARGE = 100 << 20
ALLOWED = 0.01
SECONDS = 60.0
"""The default of `checkpoint_seconds`."""


def states() -> dict[str, Mapping[str, Any]]:
    """What is saved: the game of each recipe after one round, and a large one."""
    plugins = Plugins()
    found: dict[str, Mapping[str, Any]] = {}
    for name in RECIPES:
        recipe = resolve(override(find_recipe(name, plugins), ["watch.reporters=[]"]), plugins)
        game = build_game(recipe, plugins, "cpu")
        play_round(game)
        found[name] = game_state(game)
    found["100 MB"] = {"weights": [torch.rand(LARGE // 40) for _ in range(10)]}
    return found


def timed(action: Callable[[], Any], times: int) -> list[float]:
    """Seconds of each time."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        spent.append(time.perf_counter() - began)
    return spent


def spread(seconds: list[float]) -> str:
    """Median and quartiles in milliseconds."""
    low, _, high = quantiles(seconds, n=4)
    return f"{median(seconds) * 1e3:.1f} ({low * 1e3:.1f}-{high * 1e3:.1f})"


def main() -> int:
    """Print the table; 1 if a bar is missed and `--check` was given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="where to write; the system's temporary folder if left out")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.machine()}, CPU, Python {platform.python_version()}, torch {torch.__version__}, load {load}")
    print("| state | KB | pack, ms | SHA-256, ms | publish, ms | whole save, ms | load, ms | share of 60 s |")
    print("|---|---|---|---|---|---|---|---|")
    missed = False
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        for name, state in states().items():
            folder = CheckpointFolder(Path(place) / name)
            numbers = iter(range(10**9))
            raw = bytes(container.pack(state))
            whole = timed(lambda f=folder, s=state, n=numbers: f.save(s, next(n)), options.saves)
            parts = [
                timed(lambda s=state: container.pack(s), options.saves),
                timed(lambda r=raw: hashlib.sha256(r).digest(), options.saves),
                timed(lambda r=raw: publish(r, Path(place) / "once"), options.saves),
            ]
            read = timed(lambda f=folder: container.read(f.generations()[0]), options.saves)
            share = median(whole) / SECONDS
            missed |= share > ALLOWED and name in RECIPES
            cells = [spread(each) for each in (*parts, whole, read)]
            print(f"| {name} | {len(raw) / 1024:.0f} | {' | '.join(cells)} | {share:.3%} |")
    return int(missed and options.check)


if __name__ == "__main__":
    sys.exit(main())
