"""What the recipes of the two mixtures, `ring` and `grid`, reach: a line per seed, then the worst over the seeds.

    python benchmarks/recipes_mixtures.py ring 0 1 2 3 4 5 6 7
    python benchmarks/recipes_mixtures.py ring 0 1 --track --change budget_rounds=4000

One thread. Modes, high quality, KL and coverage are the last tick's, of the averaged generator. `held from` is the
share of the budget after which no tick missed a mode; seconds are the processor's, imports left out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

from ganlab import Outcome, Picture, Progress, Reporter, Tick
from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine import train
from ganlab.engine.run import Run
from ganlab.interfaces.reporter import RunInfo
from ganlab.plugins import Plugins
from ganlab.recipe import override, read_toml

RECIPES = Path(__file__).parents[1] / "ganlab" / "builtin" / "recipes"
SHOWN = ("modes", "modes/high-quality", "modes/reverse-kl", "coverage@flatten")


class Kept(Reporter):
    """Keeps the ticks."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        pass

    def tick(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def end(self, outcome: Outcome) -> None:
        pass


def play(recipe: str, changes: Sequence[str]) -> tuple[list[Tick], float]:
    """The ticks of one run, and the processor's seconds."""
    plugins, kept = Plugins(), Kept()
    began = time.process_time()
    resolved = resolve(override(read_toml(RECIPES / f"{recipe}.toml"), [*changes, "watch.reporters=[]"]), plugins)
    train(build_game(resolved, plugins, "cpu"), Run(reporters={"kept": kept}))
    return kept.ticks, time.process_time() - began


def held_from(ticks: Sequence[Tick]) -> float:
    """The share of the budget after which every tick had as many modes as any."""
    most = max(tick.measurements["modes"] for tick in ticks)
    return max((tick.progress.fraction for tick in ticks if tick.measurements["modes"] < most), default=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=("ring", "grid"))
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--change", nargs="+", default=[], metavar="KEY=VALUE", help="overrides of the recipe")
    parser.add_argument("--track", action="store_true", help="show every fifth tick too")
    asked = parser.parse_args()
    print("seed  modes  high quality  reverse KL  coverage  held from  seconds  findings")
    columns = []
    for seed in asked.seeds:
        ticks, seconds = play(asked.recipe, [*asked.change, f"seed={seed}"])
        if asked.track:
            for tick in ticks[4::5]:
                print(f"      {tick.progress.fraction:4.0%}", *(f"{tick.measurements[name]:9.3f}" for name in SHOWN))
        modes, quality, divergence, coverage = (ticks[-1].measurements[name] for name in SHOWN)
        found = [f"{each.monitor} at {each.kimg:g} kimg" for tick in ticks for each in tick.findings]
        print(
            f"{seed:4} {modes:6.0f} {quality:13.3f} {divergence:11.4f} {coverage:9.3f} {held_from(ticks):10.0%} "
            f"{seconds:8.1f}  {'; '.join(found) or 'none'}",
            flush=True,
        )
        columns.append((modes, quality, -divergence, coverage, -held_from(ticks), -seconds))
    modes, quality, divergence, coverage, held, seconds = map(min, zip(*columns, strict=True))
    print(f"worst{modes:6.0f} {quality:13.3f} {-divergence:11.4f} {coverage:9.3f} {-held:10.0%} {-seconds:8.1f}")


if __name__ == "__main__":
    main()
