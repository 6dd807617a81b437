"""By which rule should a setting be chosen that was played with few seeds: mean, median, worst, mean and deviation?

    python benchmarks/risk.py play     random settings of studies/stability_ring.py, made smaller, twelve seeds each
    python benchmarks/risk.py judge

One thread; the seeds of a setting are played together. Judged by resampling: a study of `SETTINGS` of them, each
with `SEEDS` random seeds, chooses one by each rule; what it is worth is seen on the seeds that were not used.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

import optuna
import tuning

from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine import train_together
from ganlab.engine.game import Intervening
from ganlab.plugins import Plugins
from ganlab.recipe import override
from ganlab.recipe.settings import as_settings
from ganlab.tune.plan import Plan
from ganlab.tune.score import WORST
from ganlab.values import Ending

KEPT = tuning.KEPT / "risk.json"

DRAWN, PLAYED = 40, 12
SETTINGS, SEEDS = 10, 4
STUDIES = 2000

RULES: dict[str, Callable[[Sequence[float]], float]] = {
    "one seed": lambda values: values[0],
    "mean": statistics.fmean,
    "median": statistics.median,
    "mean + deviation": lambda values: statistics.fmean(values) + statistics.stdev(values),
    "mean + 2 deviations": lambda values: statistics.fmean(values) + 2 * statistics.stdev(values),
    "worst": max,
}


def curves(wanted: Plan, settings: dict[str, Any], plugins: Plugins) -> list[dict[str, float]]:
    """The value and the modes of every seed."""
    watch = ["watch.monitors=[]", "watch.interventions=[]", "watch.reporters=[]"]
    found = [tuning.Curve(tuning.never) for _ in range(PLAYED)]
    games = []
    for seed, curve in enumerate(found):
        recipe = resolve(override(wanted.tree, [*as_settings(settings), f"seed={seed}", *watch]), plugins)
        game = build_game(recipe, plugins, "cpu")
        game.watching = replace(game.watching, interventions=[Intervening("curve", curve, limit=1)])
        games.append(game)
    outcomes = train_together(games)
    return [
        {"value": WORST, "modes": 0.0}
        if outcome.ending is Ending.DIVERGED
        else {"value": curve.final, "modes": curve.modes}
        for outcome, curve in zip(outcomes, found, strict=True)
    ]


def play() -> None:
    wanted, plugins = tuning.plan(), Plugins()
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else []
    for number in range(len(kept), DRAWN):
        began = time.process_time()
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1000 + number))
        settings = wanted.space(study.ask())
        kept.append({"settings": settings, "seeds": curves(wanted, settings, plugins)})
        KEPT.write_text(json.dumps(kept))
        values = [each["value"] for each in kept[-1]["seeds"]]
        spent = time.process_time() - began
        print(number, f"{statistics.median(values):.4f} worst {max(values):.4f}, {spent:.0f} CPU-s", flush=True)


def judge() -> None:
    kept = json.loads(KEPT.read_text())
    lost = [sum(each["modes"] < 7 for each in setting["seeds"]) / PLAYED for setting in kept]
    print(f"{len(kept)} settings; collapsed are {statistics.fmean(lost):.0%} of their runs")
    print("| chosen by | value on other seeds, mean | worst | runs that collapse |")
    print("|---|---|---|---|")
    draws = random.Random(0)
    studies = []
    for _ in range(STUDIES):
        settings = draws.sample(kept, min(SETTINGS, len(kept)))
        seeds = draws.sample(range(PLAYED), SEEDS)
        studies.append((settings, seeds))
    for name, rule in RULES.items():
        means, worsts, collapsed = [], [], []
        for settings, seeds in studies:
            chosen = min(settings, key=lambda each: rule([each["seeds"][seed]["value"] for seed in seeds]))
            others = [each for seed, each in enumerate(chosen["seeds"]) if seed not in seeds]
            means.append(statistics.fmean(each["value"] for each in others))
            worsts.append(max(each["value"] for each in others))
            collapsed.append(sum(each["modes"] <= 8 * tuning.COLLAPSED for each in others) / len(others))
        row = f"{statistics.fmean(means):.5f} | {statistics.fmean(worsts):.5f} | {statistics.fmean(collapsed):.1%}"
        print(f"| {name} | {row} |")


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge"))
    {"play": play, "judge": judge}[parser.parse_args().what]()


if __name__ == "__main__":
    main()
