"""What a checkpoint costs: the time of one save, in parts, and its share of the run at the default interval.

    python benchmarks/checkpoint.py --check
    python benchmarks/checkpoint.py --saves 30 --folder /somewhere/on/the/disk

One thread. For each recipe, and for a state of 100 MB, a game is built and saved again and again as a run saves it:
look whether all is finite and collect it (state), put it in one row and hash it (pack), write and sync it (publish),
make sure that the one before is whole (verify) and remove the one before that. `--check` ends with 1 if the median save
takes more than 1 % of `checkpoint_seconds`, so more than 1 % of a run's time.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
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
from ganlab.engine.checkpoint import check_publishable, game_state
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.finite import first_not_finite
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round
from ganlab.plugins import Plugins
from ganlab.recipe import override

RECIPES = ("ring", "digits", "dcgan-32")
LARGE = 100 << 20
ALLOWED = 0.01
SECONDS = 60.0
"""The default of `checkpoint_seconds`."""


def states() -> dict[str, Callable[[], dict[str, Any]]]:
    """What collects that which is saved: of the game of each recipe after one round, and of a large one."""
    plugins = Plugins()
    found: dict[str, Callable[[], dict[str, Any]]] = {}
    for name in RECIPES:
        recipe = resolve(override(find_recipe(name, plugins), ["watch.reporters=[]"]), plugins)
        game = build_game(recipe, plugins, "cpu")
        play_round(game)
        found[name] = partial(collected, game)
    large = {str(number): torch.rand(LARGE // 40) for number in range(10)}
    found["100 MB"] = lambda: {"weights": large, "not finite": first_not_finite(large)}
    return found


def collected(game: Game) -> dict[str, Any]:
    """As a run does it."""
    check_publishable(game)
    return game_state(game)


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


def saved(folder: CheckpointFolder, collect: Callable[[], dict[str, Any]], numbers: Iterator[int]) -> None:
    """One save, of one more sample than the last."""
    folder.save(collect(), next(numbers))


def main() -> int:
    """Print the table; 1 if a bar is missed and `--check` was given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="where to write; the system's temporary folder if left out")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.machine()}, CPU, Python {platform.python_version()}, torch {torch.__version__}, load {load}")
    print("| game | KB | state, ms | pack, ms | publish, ms | verify, ms | whole save, ms | load, ms | share of 60 s |")
    print("|---|---|---|---|---|---|---|---|---|")
    missed = False
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        for name, collect in states().items():
            folder = CheckpointFolder(Path(place) / name)
            numbers = count()
            state = collect()
            raw = container.pack(state)
            whole = timed(partial(saved, folder, collect, numbers), options.saves)
            newest = folder.generations()[0]
            actions = (
                collect,
                partial(container.pack, state),
                partial(publish, raw, Path(place) / "once"),
                partial(container.is_whole, newest),
            )
            read = timed(partial(container.read, newest), options.saves)
            share = median(whole) / SECONDS
            missed |= share > ALLOWED
            cells = [spread(each) for each in (*(timed(each, options.saves) for each in actions), whole, read)]
            print(f"| {name} | {len(raw) / 1024:.0f} | {' | '.join(cells)} | {share:.3%} |", flush=True)
    return int(missed and options.check)


if __name__ == "__main__":
    sys.exit(main())
