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

from ganlab import Ending, Outcome, Picture, Progress, Reporter, RunInfo, Severity, Tick
from ganlab.engine import train
from ganlab.engine.run import Run
from ganlab.plugins import Plugins

KEPT = RESULTS / "detectors"

COLLAPSED, POOR = 0.5, 0.25
"""A tick has failed at which at most half of the modes are reached, or a quarter of the good samples are left that
there were at best (of three ticks together, and where that was enough to count)."""

WHOLE, FINE = 0.75, 0.5
"""The same for a tick that is well; a run is healthy if four of five are, and none has failed."""

ENOUGH = 0.05

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
    keep(path, kept.lines, outcome)
    print(f"{scenario.name} {seed}: {outcome.ending}, {time.process_time() - began:.0f} CPU-s", flush=True)


def keep(path: Path, lines: Sequence[str], outcome: Outcome) -> None:
    """Write down what was measured, but of a run that somebody broke off: then so is the benchmark."""
    if outcome.ending in (Ending.INTERRUPTED, Ending.TERMINATED):
        sys.exit(f"{path.name}: {outcome.ending}, not kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    part.rename(path)


@dataclass(frozen=True)
class Record:
    """What was measured of one run."""

    scenario: Scenario
    seed: int
    ticks: Sequence[tuple[Progress, Mapping[str, float]]]
    diverged: bool

    def ticks_with(self, modes: float, good: float) -> list[bool]:
        """Whether at each tick more than so large a share of modes is reached, and so large a share left of the good
        samples there were at best."""
        found, best, last = [], 0.0, []
        for _, numbers in self.ticks:
            last = [*last[-2:], numbers["true/good"]]
            mean = sum(last) / len(last)
            best = max(best, mean)
            found.append(numbers["true/modes"] > modes and (best < ENOUGH or mean > good * best))
        return found

    @property
    def late(self) -> list[bool]:
        """Whether a tick lies where the run could have learnt."""
        return [progress.fraction >= LEARNT for progress, _ in self.ticks]

    @property
    def failed(self) -> list[bool]:
        """Whether each tick has failed, where the run could have learnt."""
        return [late and not kept for kept, late in zip(self.ticks_with(COLLAPSED, POOR), self.late, strict=True)]

    @property
    def well(self) -> list[bool]:
        """Whether each tick is well, where the run could have learnt."""
        return [late and kept for kept, late in zip(self.ticks_with(WHOLE, FINE), self.late, strict=True)]

    @property
    def failed_at(self) -> int | None:
        """The tick at which it had failed: the first of several in a row. A run that had not learnt yet, and has at its
        end, has not failed."""
        failed, kept = self.failed, self.ticks_with(COLLAPSED, POOR)
        for tick in range(len(failed) - IN_A_ROW + 1):
            if all(failed[tick : tick + IN_A_ROW]):
                return tick if any(kept[:tick]) or not all(kept[-IN_A_ROW:]) else None
        return None

    @property
    def healthy(self) -> bool:
        """True if it was well nearly all the time after it could have learnt, and nobody spoilt it."""
        spoilt = self.scenario.meant == "fails" and bool(self.scenario.fault)
        return not spoilt and not self.diverged and not any(self.failed) and sum(self.well) >= 0.8 * sum(self.late)

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
    """The tables: scenario by scenario, game by game, and single numbers."""
    alarms = {id(each): each.alarms(plugins) for each in found}
    names = dict.fromkeys(each.scenario.name for each in found)
    table("scenario", {name: [each for each in found if each.scenario.name == name] for name in names}, alarms)
    games = dict.fromkeys(name.partition("-")[0] for name in names)
    groups = {game: [each for each in found if each.scenario.name.startswith(f"{game}-")] for game in games}
    table("game", {**groups, "**all**": list(found)}, alarms)
    print("| number | AUC of ticks | recall at 2 % false, other seeds |")
    print("|---|---|---|")
    for label, (name, sign) in SINGLE.items():
        print(f"| {label} | {tick_auc(found, name, sign):.3f} | {learnt_recall(found, name, sign)} |")


def table(what: str, groups: Mapping[str, Sequence[Record]], alarms: Mapping[int, list[tuple[int, str]]]) -> None:
    """One line for each group of runs. The delay is from when a run had failed, in ticks: median, and worst."""
    print(f"| {what} | runs | failed | found | delay, ticks | healthy | false alarms | between |")
    print("|---|---|---|---|---|---|---|---|")
    for name, runs in groups.items():
        failed = [each for each in runs if each.failed_at is not None]
        healthy = [each for each in runs if each.healthy]
        caught = [each for each in failed if alarms[id(each)]]
        waits = [max(0, alarms[id(each)][0][0] - (each.failed_at or 0)) for each in caught]
        false = sum(bool(alarms[id(each)]) for each in healthy)
        told = f"{statistics.median(waits):g} ({max(waits)})" if waits else "-"
        between = len(runs) - len(failed) - len(healthy)
        cells = (name, len(runs), len(failed), len(caught), told, len(healthy), false, between)
        print(f"| {' | '.join(map(str, cells))} |")
    print()


def sides(found: Sequence[Record], name: str, sign: int) -> tuple[list[float], list[float]]:
    """The number at collapsed and at healthy ticks, trouble upwards."""
    sick, well = [], []
    for each in found:
        for failed, healthy, value in zip(each.failed, each.well, each.series(name), strict=True):
            if value == value:
                sick += [sign * value] * failed
                well += [sign * value] * healthy
    return sick, well


def tick_auc(found: Sequence[Record], name: str, sign: int) -> float:
    """How well the number tells collapsed ticks from healthy ones, over all games."""
    sick, well = sides(found, name, sign)
    return auc(sick, well) if sick and well else float("nan")


def learnt_recall(found: Sequence[Record], name: str, sign: int) -> str:
    """A threshold that two in a row must pass, learnt on healthy runs of even seeds, for all games together."""

    def score(run: Record) -> float:
        told = [sign * value for value, late in zip(run.series(name), run.late, strict=True) if late and value == value]
        return max((min(pair) for pair in pairwise(told)), default=float("-inf"))

    taught = sorted(score(each) for each in found if each.healthy and each.seed % 2 == 0)
    if not taught:
        return "-"
    threshold = taught[min(len(taught) - 1, int(0.98 * len(taught)))]
    others = [each for each in found if each.seed % 2]
    failed = [score(each) > threshold for each in others if each.failed_at is not None]
    false = [score(each) > threshold for each in others if each.healthy]
    return f"{sum(failed)}/{len(failed)}, false {sum(false)}/{len(false)}"


DRAWN = {"coverage": "#1b6ca8", "probe gap": "#3a8f4d", "G loss": "#8a6d3b", "D loss": "#b23b3b", "r_t": "#7a4fa0"}
"""Numbers whose curves are drawn, and in which colour."""

SIDE, MARGIN = 420, 46


def draw(found: Sequence[Record], path: Path) -> None:
    """The share of collapsed ticks that are found, over the share of healthy ticks that are taken for such."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(13)

    def at(false: float, true: float) -> tuple[float, float]:
        return MARGIN + false * SIDE, MARGIN + (1 - true) * SIDE

    for line in range(5):
        pen.line([at(line / 4, 0), at(line / 4, 1)], fill="#e5e5e5")
        pen.line([at(0, line / 4), at(1, line / 4)], fill="#e5e5e5")
        pen.text((at(line / 4, 0)[0] - 10, MARGIN + SIDE + 6), f"{line / 4:g}", fill="#555555", font=font)
        pen.text((8, at(0, line / 4)[1] - 8), f"{line / 4:g}", fill="#555555", font=font)
    pen.line([at(0, 0), at(1, 1)], fill="#bbbbbb")
    for row, (label, colour) in enumerate(DRAWN.items()):
        name, sign = SINGLE[label]
        sick, well = sides(found, name, sign)
        cuts = sorted({*sick, *well}, reverse=True)
        cuts = cuts[:: max(1, len(cuts) // 400)]
        curve = [(sum(w >= cut for w in well) / len(well), sum(s >= cut for s in sick) / len(sick)) for cut in cuts]
        pen.line([at(*point) for point in [(0.0, 0.0), *curve, (1.0, 1.0)]], fill=colour, width=3)
        told = f"{label}, AUC {auc(sick, well):.3f}"
        pen.text((MARGIN + 16, MARGIN + 0.42 * SIDE + 20 * row), told, fill=colour, font=font)
    pen.text(
        (MARGIN, 14),
        f"collapsed ticks found, over healthy ticks taken for such ({len(found)} runs)",
        fill="#222222",
        font=font,
    )
    picture.save(path)


def seeds(text: str) -> list[int]:
    """3, or 0-9."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge"))
    parser.add_argument("--seeds", type=seeds, default=seeds("0-9"))
    parser.add_argument("--scenarios", default="", help="names, or beginnings of names, separated by commas")
    parser.add_argument("--roc", type=Path, help="draw the curves of single numbers there")
    arguments = parser.parse_args()
    plugins = Plugins()
    wanted = tuple(arguments.scenarios.split(","))
    if arguments.what == "play":
        for seed in arguments.seeds:
            for name, scenario in scenarios().items():
                if name.startswith(wanted):
                    play(scenario, seed, plugins)
    else:
        found = [each for each in records() if each.scenario.name.startswith(wanted)]
        judge(found, plugins)
        if arguments.roc:
            draw(found, arguments.roc)


if __name__ == "__main__":
    main()
