"""What several seeds at once cost, against the same seeds one after another; or several settings.

    python benchmarks/together.py --check
    python benchmarks/together.py --settings

The ring of eight Gaussians, perceptrons of two hidden layers, Adam, a moving average; 64, 128 and 256 samples a batch
for widths 32, 64 and 128. One thread, seconds of the processor. Both sides are ganlab, in one process and by turns, a
stint each, so that both meet the same machine: `rounds` is `play_round` of K games, one after another, against
`JointGame.play_round`; `runs` is `train` of each against `train_together`, with the standard watch (coverage, its wide
and raw forms, balance, probe gap, eight monitors), which each seed has for itself and which nothing makes cheaper.
Building the games, and the rehearsal of the first round, count in `runs`. With --settings all have R1, and each game
has a learning rate and a weight of R1 of its own, and one of three beta1. Medians over stints.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import torch

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine import Game, train, train_together
from ganlab.engine.loop import play_round
from ganlab.engine.together.game import JointGame
from ganlab.interfaces.dataset import Dataset
from ganlab.plugins import Plugins
from ganlab.recipe import override

BATCHES = {32: 64, 64: 128, 128: 256}
CONVOLUTIONS = {"name": "dcgan", "width": 16, "norm": "none"}
"""On digits of 16 x 16, 32 a batch, with --convolutions."""
BARS = {32: 5.0, 64: 2.2, 128: 1.3}
"""How many times faster K = 16 is to be, by width."""

HELD_AT = 16


def games(seeds: int, width: int | None, rounds: int, watch: dict[str, Any], settings: bool) -> list[Game]:
    """A game for each seed, with `settings` of its own; without a width, of convolutions."""
    plugins = Plugins()
    player = {
        "architecture": CONVOLUTIONS if width is None else {"name": "mlp", "width": width, "depth": 2},
        "optimizer": {"name": "adam", "lr": 1e-3, "betas": [0.5, 0.99]},
    }
    judge = "image" if width is None else "point"
    tree = {
        "budget_rounds": rounds,
        "batch_size": 32 if width is None else BATCHES[width],
        "task": {"name": "unconditional", "latent_size": 2},
        "dataset": {"name": "digits", "size": 16} if width is None else {"name": "ring", "scale": 0.5},
        "loss": {"name": "non-saturating"},
        "players": {"generator": {**player, "ema_half_life_kimg": 10, "ema_ramp_up": 0.05}, judge: player},
        "watch": {"reporters": [], **watch},
    }
    read: dict[str, Dataset] = {}
    found = []
    for seed in range(seeds):
        own = override({**tree, "seed": seed}, setting(seed, seeds, judge) if settings else [])
        found.append(build_game(resolve(own, plugins), plugins, "cpu", read))
    return found


def setting(number: int, count: int, judge: str) -> list[str]:
    """One of so many."""
    share, beta1 = (number + 0.5) / count, (0.0, 0.5, 0.9)[number % 3]
    optimizers = [
        f"players.{name}.optimizer={{name='adam', lr={1e-3 * 3**share}, betas=[{beta1}, 0.99]}}"
        for name in ("generator", judge)
    ]
    return [*optimizers, f"terms=[{{name='r1', on='{judge}', weight={0.1 * share}}}]"]


def seconds(act: Callable[[], Any]) -> float:
    """Of the processor."""
    began = time.process_time()
    act()
    return time.process_time() - began


def each_plays(playing: Sequence[Game | JointGame], rounds: int) -> None:
    """So many rounds of each, by turns."""
    for _ in range(rounds):
        for each in playing:
            each.play_round() if isinstance(each, JointGame) else play_round(each)


def times_of_rounds(seeds: int, width: int | None, stints: int, settings: bool) -> tuple[list[float], list[float]]:
    """Seconds of a round of all seeds, apart and together, by stint."""
    nothing: dict[str, Any] = {"diagnostics": [], "monitors": []}
    apart, joint = (games(seeds, width, 10**9, nothing, settings) for _ in range(2))
    played = JointGame(joint)
    found: tuple[list[float], list[float]] = ([], [])
    several = max(1, 32 // seeds)
    for stint in range(stints + 1):
        alone = seconds(partial(each_plays, apart, several)) / several
        together = seconds(partial(each_plays, [played], 2 * several)) / (2 * several)
        if stint:  # the first is to warm up
            found[0].append(alone)
            found[1].append(together)
    return found


def times_of_runs(
    seeds: int, width: int | None, rounds: int, stints: int, settings: bool
) -> tuple[list[float], list[float]]:
    """Seconds of whole runs of all seeds, watched, apart and together, by stint."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(stints):
        found[0].append(seconds(lambda: [train(each) for each in games(seeds, width, rounds, {}, settings)]))
        found[1].append(seconds(lambda: train_together(games(seeds, width, rounds, {}, settings))))
    return found


def told(alone: Sequence[float], together: Sequence[float]) -> dict[str, Any]:
    """Medians, the ratio of the stints and its quartiles."""
    ratios = [one / other for one, other in zip(alone, together, strict=True)]
    low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return {"alone": median(alone), "together": median(together), "ratio": median(ratios), "quartiles": [low, high]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--widths", type=int, nargs="+", default=list(BATCHES))
    parser.add_argument("--convolutions", action="store_true", help="a small DCGAN in the place of perceptrons")
    parser.add_argument(
        "--settings", action="store_true", help="optimisers and penalties that differ from game to game"
    )
    parser.add_argument("--stints", type=int, default=15)
    parser.add_argument("--runs", type=int, default=0, metavar="ROUNDS", help="time whole runs of so many rounds")
    parser.add_argument("--out", type=Path, help="keep the numbers as JSON")
    parser.add_argument("--check", action="store_true", help="fail if a bar is missed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{platform.machine()}, torch {torch.__version__}, 1 thread, {options.stints} stints")
    kept, missed = [], 0
    for width in [None] if options.convolutions else options.widths:
        for seeds in options.seeds:
            if options.runs:
                times = times_of_runs(seeds, width, options.runs, options.stints, options.settings)
            else:
                times = times_of_rounds(seeds, width, options.stints, options.settings)
            result = {"width": width, "seeds": seeds, **told(*times)}
            kept.append(result)
            bar = BARS.get(width or 0) if seeds == HELD_AT and not (options.runs or options.settings) else None
            missed += bar is not None and result["ratio"] < bar
            low, high = result["quartiles"]
            what = f"width {width:3}" if width else "convolutions"
            print(
                f"{what}, K = {seeds:2}: {result['alone'] * 1e3:8.2f} ms apart, "
                f"{result['together'] * 1e3:8.2f} ms together, {result['ratio']:.2f} times faster ({low:.2f} to "
                f"{high:.2f}){'' if bar is None else f', bar {bar}'}",
                flush=True,
            )
    if options.out:
        options.out.write_text(json.dumps({"torch": torch.__version__, "results": kept}, indent=1))
    return int(options.check and missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
