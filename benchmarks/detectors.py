"""Do the monitors find what has failed, and are they silent of what has not? At which tick, and what do losses tell?

    python benchmarks/detectors.py play --seeds 0-9            plays the scenarios; goes on where it was broken off
    python benchmarks/detectors.py judge                       replays the monitors over what was measured
    python benchmarks/detectors.py judge --roc roc.png

One thread. What was measured is kept in results/detectors, a file per run. Thresholds that are learnt (those of single
numbers) are learnt on the even seeds and reported on the odd ones; the monitors' own are their defaults, on all.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

from scenarios import RESULTS, Scenario, build, scenarios

from ganlab import Outcome, Picture, Progress, Reporter, RunInfo, Severity, Tick
from ganlab.engine import train
from ganlab.engine.run import Run
from ganlab.plugins import Plugins

KEPT = RESULTS / "detectors"

COLLAPSED = 0.5
"""A tick at which so little is left: the share of modes reached, times the share of samples that are good by the best
such share of the run so far."""

IN_A_ROW = 3
"""So many such ticks make a run a failed one, after `LEARNT` of its budget."""

LEARNT = 0.45

ALARMS = ("lost-coverage", "never-covered")
"""Monitors that say that a run has failed."""

SINGLE = {
    "coverage": ("coverage@", -1),
    "D loss": ("cost/{judge}", -1),
    "D loss, high": ("cost/{judge}", 1),
    "r_t": ("balance/{judge}/sign-real", 1),
    "logit gap": ("balance/{judge}/logit-gap", 1),
    "AUC of D": ("balance/{judge}/auc", 1),
    "G loss": ("cost/generator", 1),
    "probe gap": ("probe-gap/{judge}", 1),
}
"""Single numbers, where each is found, and on which side trouble lies."""


class Kept(Reporter):
    """One line for each tick, with six digits of every number."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        pass

    def tick(self, tick: Tick) -> None:
        numbers = {name: float(f"{value:.6g}") for name, value in tick.measurements.items()}
        told = {"round": tick.progress.round, "samples": tick.progress.samples, "fraction": tick.progress.fraction}
        self.lines.append(json.dumps(told | {"measurements": numbers}))

    def end(self, outcome: Outcome) -> None:
        self.lines.append(json.dumps({"ending": outcome.ending, "seconds": outcome.seconds}))


def play(scenario: Scenario, seed: int, plugins: Plugins) -> None:
    """Play it, unless it was played, and keep what was measured."""
    path = KEPT / f"{scenario.name}-{seed}.jsonl.gz"
    if path.exists():
        return
    kept, began = Kept(), time.process_time()
    outcome = train(build(scenario, seed, plugins), Run(reporters={"kept": kept}))
    KEPT.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress("\n".join(kept.lines).encode(), mtime=0))
    part.rename(path)
    print(f"{scenario.name} {seed}: {outcome.ending}, {time.process_time() - began:.0f} CPU-s", flush=True)


@dataclass(frozen=True)
class Record:
    """What was measured of one run."""

    scenario: Scenario
    seed: int
    ticks: Sequence[tuple[Progress, Mapping[str, float]]]
    diverged: bool

    @property
    def left(self) -> list[float]:
        """At each tick the share of modes reached, times how good samples are by the best they were."""
        found, best = [], 0.0
        for _, numbers in self.ticks:
            best = max(best, numbers["true/good"])
            found.append(numbers["true/modes"] * (numbers["true/good"] / best if best else 0.0))
        return found

    @property
    def failed_at(self) -> int | None:
        """The tick at which it had failed: the first of several in a row, after it could have learnt."""
        low = [
            share <= COLLAPSED and progress.fraction >= LEARNT
            for share, (progress, _) in zip(self.left, self.ticks, strict=True)
        ]
        for tick in range(len(low) - IN_A_ROW + 1):
            if all(low[tick : tick + IN_A_ROW]):
                return tick
        return None

    @property
    def healthy(self) -> bool:
        """True if no tick after it could have learnt was a collapsed one."""
        learnt = [share for share, (at, _) in zip(self.left, self.ticks, strict=True) if at.fraction >= LEARNT]
        return not self.diverged and all(share > COLLAPSED for share in learnt)

    def alarms(self, plugins: Plugins) -> list[tuple[int, str]]:
        """Critical findings of the default monitors: tick and monitor."""
        made = []
        monitors = [plugins.find("monitors", name).create() for name in ALARMS]
        for number, (progress, numbers) in enumerate(self.ticks):
            for monitor in monitors:
                found = monitor.judge(dict(numbers), progress)
                critical = [each for each in found if each.severity is Severity.CRITICAL and not each.over]
                made += [(number, each.monitor) for each in critical]
        return made

    def series(self, name: str) -> list[float]:
        """One number over the ticks, where it was measured."""
        judge = "point" if self.scenario.name.startswith(("ring", "grid")) else "image"
        wanted = name.format(judge=judge)
        return [
            next(
                (
                    value
                    for key, value in numbers.items()
                    if key == wanted
                    or key.startswith(wanted + "@")
                    or (wanted.endswith("@") and key.startswith(wanted))
                ),
                float("nan"),
            )
            for _, numbers in self.ticks
        ]


def records() -> Iterator[Record]:
    """All that were kept."""
    known = scenarios()
    for path in sorted(KEPT.glob("*.jsonl.gz")):
        name, _, seed = path.name.removesuffix(".jsonl.gz").rpartition("-")
        if name not in known:
            continue
        *lines, last = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        ticks = [(Progress(each["round"], each["samples"], each["fraction"]), each["measurements"]) for each in lines]
        yield Record(known[name], int(seed), ticks, last["ending"] == "diverged")


def auc(sick: Sequence[float], well: Sequence[float]) -> float:
    """P(a sick number is larger than a well one)."""
    import torch

    ordered, asked = torch.tensor(sorted(well)), torch.tensor(list(sick))
    below = torch.searchsorted(ordered, asked) + torch.searchsorted(ordered, asked, right=True)
    return float(below.double().mean() / 2 / len(ordered))


def judge(found: Sequence[Record], plugins: Plugins) -> None:
    """The tables."""
    by_name: dict[str, list[Record]] = {}
    for each in found:
        by_name.setdefault(each.scenario.name, []).append(each)
    print("| scenario | seeds | failed | found | delay, ticks | healthy | false | between |")
    print("|---|---|---|---|---|---|---|---|")
    total = {"failed": 0, "found": 0, "healthy": 0, "false": 0}
    delays = []
    for name, runs in by_name.items():
        failed = [each for each in runs if each.failed_at is not None]
        healthy = [each for each in runs if each.healthy]
        alarmed = {id(each): each.alarms(plugins) for each in runs}
        caught = [each for each in failed if alarmed[id(each)]]
        waits = [max(0, alarmed[id(each)][0][0] - (each.failed_at or 0)) for each in caught]
        false = [each for each in healthy if alarmed[id(each)]]
        delays += waits
        total["failed"] += len(failed)
        total["found"] += len(caught)
        total["healthy"] += len(healthy)
        total["false"] += len(false)
        told = f"{statistics.median(waits):g} ({max(waits)})" if waits else "-"
        between = len(runs) - len(failed) - len(healthy)
        cells = (name, len(runs), len(failed), len(caught), told, len(healthy), len(false), between)
        print(f"| {' | '.join(map(str, cells))} |")
    print(
        f"\nfailed {total['failed']}, found {total['found']}; healthy {total['healthy']}, "
        f"false alarms {total['false']}; median delay {statistics.median(delays) if delays else '-'} ticks"
    )
    print("\n| number | AUC of ticks | recall at 2 % false, other seeds |")
    print("|---|---|---|")
    for label, (name, sign) in SINGLE.items():
        print(f"| {label} | {tick_auc(found, name, sign):.3f} | {learnt_recall(found, name, sign)} |")


def sides(found: Sequence[Record], name: str, sign: int) -> tuple[list[float], list[float]]:
    """The number at collapsed and at healthy ticks, trouble upwards."""
    sick, well = [], []
    for each in found:
        for (progress, _), share, value in zip(each.ticks, each.left, each.series(name), strict=True):
            if progress.fraction >= LEARNT and value == value:
                if share <= COLLAPSED:
                    sick.append(sign * value)
                elif share >= 0.75:
                    well.append(sign * value)
    return sick, well


def tick_auc(found: Sequence[Record], name: str, sign: int) -> float:
    """How well the number tells collapsed ticks from healthy ones, over all games."""
    sick, well = sides(found, name, sign)
    return auc(sick, well) if sick and well else float("nan")


def learnt_recall(found: Sequence[Record], name: str, sign: int) -> str:
    """A threshold that two in a row must pass, learnt on healthy runs of even seeds, for all games together."""

    def score(run: Record) -> float:
        late = [value for value, (at, _) in zip(run.series(name), run.ticks, strict=True) if at.fraction >= LEARNT]
        told = [sign * value for value in late if value == value]
        return max((min(pair) for pair in pairwise(told)), default=float("-inf"))

    taught = sorted(score(each) for each in found if each.healthy and each.seed % 2 == 0)
    if not taught:
        return "-"
    threshold = taught[min(len(taught) - 1, int(0.98 * len(taught)))]
    others = [each for each in found if each.seed % 2]
    failed = [score(each) > threshold for each in others if each.failed_at is not None]
    false = [score(each) > threshold for each in others if each.healthy]
    return f"{sum(failed)}/{len(failed)}, false {sum(false)}/{len(false)}"


def seeds(text: str) -> list[int]:
    """3, or 0-9."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge"))
    parser.add_argument("--seeds", type=seeds, default=seeds("0-9"))
    parser.add_argument("--scenarios", default="", help="names, or beginnings of names, separated by commas")
    arguments = parser.parse_args()
    plugins = Plugins()
    wanted = tuple(arguments.scenarios.split(","))
    if arguments.what == "play":
        for seed in arguments.seeds:
            for name, scenario in scenarios().items():
                if name.startswith(wanted):
                    play(scenario, seed, plugins)
    else:
        judge([each for each in records() if each.scenario.name.startswith(wanted)], plugins)


if __name__ == "__main__":
    main()
