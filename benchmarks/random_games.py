"""Do the monitors judge games right that nobody chose? Rings of random learning rates, momenta and penalties.

    python benchmarks/random_games.py play --seeds 0-119      a random setting for each number; goes on where it was
    python benchmarks/random_games.py judge

One thread. The settings are drawn from the space of `studies/stability_ring.py`; one whose seed 0 ends with seven of
eight modes or more is played with seeds 1 to 3 too. What has failed is decided as in detectors.py. Of healthy runs in
which something was found it is said how many were unsteady just then: at most three quarters of the modes, or half of
the good samples that there were at best, within `AROUND` ticks.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

import optuna
from detectors import Kept, Record, keep, seeds
from scenarios import RESULTS, Scenario
from tuning import SMALLER, STUDY

from ganlab import Progress
from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.cli.tune import planned
from ganlab.engine import train
from ganlab.engine.run import Run
from ganlab.plugins import Plugins
from ganlab.recipe import override
from ganlab.recipe.settings import as_settings
from ganlab.tune.plan import Plan

KEPT = RESULTS / "random-games"
CLOSER = (
    *SMALLER,
    "watch.tick_kimg=2.56",
    "watch.diagnostics.modes.every=1",
    "watch.monitors=[]",
    "watch.reporters=[]",
)
MODES, SEEDS, AROUND = 8, range(1, 4), 2


def play(number: int, seed: int, wanted: Plan, plugins: Plugins) -> None:
    """Play the random setting of that number, unless it was played, and keep what was measured."""
    path = KEPT / f"{number}-{seed}.jsonl.gz"
    if path.exists():
        return
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=5000 + number))
    settings = as_settings(wanted.space(study.ask()))
    game = build_game(resolve(override(wanted.tree, [*settings, f"seed={seed}"]), plugins), plugins, "cpu")
    game.watching = replace(game.watching, interventions=[])
    kept = Kept()
    keep(path, kept.lines, train(game, Run(reporters={"kept": kept})))


def read(path: Path) -> Record:
    """What was kept of one run, its modes as the truth."""
    *lines, last = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    ticks = []
    for each in lines:
        numbers = each["measurements"]
        found = {name.partition("@")[0]: value for name, value in numbers.items()}
        truth = {"true/modes": found.get("modes", 0.0) / MODES, "true/good": found.get("modes/high-quality", 0.0)}
        ticks.append((Progress(each["round"], each["samples"], each["fraction"]), {**numbers, **truth}))
    number = int(path.name.partition("-")[0])
    return Record(Scenario("ring-random", {}, "?"), number, ticks, last["ending"] == "diverged")


def unsteady(run: Record, tick: int) -> bool:
    """True if modes or good samples were few around that tick."""
    around = [numbers for _, numbers in run.ticks[max(0, tick - AROUND) : tick + AROUND + 1]]
    best = max(numbers["true/good"] for _, numbers in run.ticks[: tick + 1])
    return min(each["true/modes"] for each in around) <= 0.75 or min(each["true/good"] for each in around) < best / 2


def judge(found: Sequence[Record], plugins: Plugins) -> None:
    alarms = {id(each): each.alarms(plugins) for each in found}
    failed = [each for each in found if each.failed_at is not None]
    healthy = [each for each in found if each.healthy]
    caught = [each for each in failed if alarms[id(each)]]
    false = [each for each in healthy if alarms[id(each)]]
    waits = [max(0, alarms[id(each)][0][0] - (each.failed_at or 0)) for each in caught]
    shaken = sum(unsteady(each, alarms[id(each)][0][0]) for each in false)
    print(f"{len(found)} runs, {len(failed)} failed, {len(caught)} of them found", end="")
    print(f" (delay {statistics.median(waits):g} ticks, {max(waits)} at most)" if waits else "")
    print(f"{len(healthy)} healthy, {len(false)} with a finding on the way, {shaken} of these unsteady just then")


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge"))
    parser.add_argument("--seeds", type=seeds, default=seeds("0-119"), help="numbers of settings")
    arguments = parser.parse_args()
    plugins = Plugins()
    if arguments.what == "judge":
        judge([read(path) for path in sorted(KEPT.glob("*.jsonl.gz"))], plugins)
        return
    wanted = planned(str(STUDY), (), CLOSER, plugins)
    for number in arguments.seeds:
        play(number, 0, wanted, plugins)
        first = read(KEPT / f"{number}-0.jsonl.gz")
        if first.ticks and not first.diverged and first.ticks[-1][1]["true/modes"] * MODES >= MODES - 1:
            for seed in SEEDS:
                play(number, seed, wanted, plugins)
        print(number, flush=True)


if __name__ == "__main__":
    main()
