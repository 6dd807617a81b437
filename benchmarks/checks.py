"""What it costs a round to look whether every cost, gradient and weight is finite.

    python benchmarks/checks.py --check

One game, one thread. Stints with the checks and without take turns, so that both meet the same machine; a ratio is of
two neighbouring stints. `--check` ends with 1 if the median is over 3 %.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from statistics import median, quantiles
from types import SimpleNamespace
from unittest.mock import patch

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import torch

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine import move
from ganlab.engine.distributed import average_gradients
from ganlab.engine.finite import Guard
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round
from ganlab.engine.player import Player
from ganlab.plugins import Plugins
from ganlab.recipe import override, read_toml
from ganlab.values import Progress

GAMES = {"ring": (2, 2000), "dcgan": (1, 50)}
"""Rounds of a stint, and how many pairs of stints."""

ALLOWED = 0.03


def bare(player: Player, progress: Progress, *, measured: bool = False) -> None:
    """`Player.step` of one that neither clips nor scales nor has a schedule, without a look at its gradients."""
    average_gradients(player._list)
    assert player._scaler is None
    if not any(parameter.grad is not None for parameter in player._list):
        return
    assert player.clip_norm is None
    assert player._schedule is None
    player._move()


@contextmanager
def unchecked() -> Iterator[None]:
    """Inside, nothing is looked at."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(Game, "check_weights", lambda game: None))
        stack.enter_context(patch.object(Player, "step", bare))
        stack.enter_context(patch.object(Guard, "watching", lambda *_: nullcontext()))
        others = SimpleNamespace(world_size=lambda: 2)  # with others, a cost is not looked at
        stack.enter_context(patch.object(move, "distributed", others))
        yield


def seconds(game: Game, rounds: int) -> float:
    """Of the processor, a round."""
    began = time.process_time()
    for _ in range(rounds):
        play_round(game)
    game.ledger.clear()
    return (time.process_time() - began) / rounds


def pairs(name: str, rounds: int, times: int) -> list[tuple[float, float]]:
    """Seconds a round with the checks and without, by turns; which comes first changes."""
    plugins = Plugins()
    tree = read_toml(Path(__file__).with_name(f"step_time_{name}.toml"))
    budget = "budget_rounds=1000000" if "budget_rounds" in tree else "budget_kimg=1e6"
    game = build_game(resolve(override(tree, [budget]), plugins), plugins, "cpu")
    seconds(game, 3 * rounds)
    gc.collect()
    gc.disable()
    found = []
    for number in range(times):
        both = [0.0, 0.0]
        for which in (0, 1) if number % 2 else (1, 0):
            with unchecked() if which else nullcontext():
                both[which] = seconds(game, rounds)
        found.append((both[0], both[1]))
    gc.enable()
    return found


def main() -> int:
    """Print the table; 1 if a bar is missed and `--check` was given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{platform.machine()}, CPU, Python {platform.python_version()}, torch {torch.__version__}, load {load}")
    print("| game | pairs | a round with checks, ms | without, ms | more, by pairs |")
    print("|---|---|---|---|---|")
    missed = False
    for name, (rounds, times) in GAMES.items():
        found = pairs(name, rounds, times)
        more = [looks / blind - 1 for looks, blind in found]
        low, middle, high = quantiles(more, n=4)
        missed |= middle > ALLOWED
        looking, blind = (1e3 * median(column) for column in zip(*found, strict=True))
        print(f"| {name} | {times} | {looking:.2f} | {blind:.2f} | {middle:+.1%} ({low:+.1%} to {high:+.1%}) |")
    return int(missed and options.check)


if __name__ == "__main__":
    sys.exit(main())
