"""Do the interventions mend what fails, and do they leave alone what does not?

    python benchmarks/interventions.py play --seeds 0-9        plays the scenarios with each cure; goes on where it was
    python benchmarks/interventions.py judge                   beside the same runs without any (detectors.py play)

One thread. A run is rescued if without the cure it ends failed and with it healthy: the last ticks reach more than
`MENDED` of the modes. Quality is the share of good samples times the share of modes, at the last ticks. A run is made
worse if without the cure it does not end failed, and with it loses more than `WORSE` of its quality.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

from cures import CURES, DIAGNOSTICS, MONITORS, Cure, named
from detectors import KEPT as UNTREATED
from detectors import Kept, keep, seeds
from scenarios import RESULTS, Scenario, build, scenarios

from ganlab import Tick
from ganlab.engine import train
from ganlab.engine.run import Run
from ganlab.plugins import Plugins

KEPT = RESULTS / "interventions"

MENDED = 0.75
WORSE = 0.02
LAST = 3
"""Ticks at the end that are looked at together."""


class Told(Kept):
    """What was done, beside what was measured."""

    def tick(self, tick: Tick) -> None:
        super().tick(tick)
        if tick.deeds:
            line = json.loads(self.lines[-1])
            done = [each for each in tick.deeds if each.intervention != "fault"]
            line["deeds"] = [f"{each.action}{' HINDERED' if each.hindrance else ''}" for each in done]
            self.lines[-1] = json.dumps(line)


def judge_of(scenario: Scenario) -> str:
    """The discriminator's name."""
    (judge,) = scenario.recipe["players"].keys() - {"generator"}
    return str(judge)


def treat(scenario: Scenario, cure: Cure) -> Scenario:
    """The same with what the cure keeps in reserve."""
    reserve = {part: [*scenario.recipe.get(part, ()), *waiting] for part, waiting in cure.reserve.items()}
    return replace(scenario, recipe={**scenario.recipe, **named(reserve, judge_of(scenario))})


def play(scenario: Scenario, cure: str, seed: int, plugins: Plugins) -> None:
    """Play it with the cure, unless it was, and keep what was measured and done."""
    path = KEPT / f"{scenario.name}-{cure}-{seed}.jsonl.gz"
    if path.exists():
        return
    kept, began = Told(), time.process_time()
    treated = treat(scenario, CURES[cure])
    watch = {"diagnostics": DIAGNOSTICS, "monitors": MONITORS, "interventions": CURES[cure].interventions}
    outcome = train(build(treated, seed, plugins, named(watch, judge_of(scenario))), Run(reporters={"kept": kept}))
    keep(path, kept.lines, outcome)
    print(f"{scenario.name} {cure} {seed}: {outcome.ending}, {time.process_time() - began:.0f} CPU-s", flush=True)


def read(path: Path) -> list[Mapping[str, Any]] | None:
    """The ticks that were kept; None if there are none."""
    if not path.exists():
        return None
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()][:-1]


def end(ticks: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Modes and quality at the last ticks, of the averaged generator."""
    last = [each["measurements"] for each in ticks[-LAST:]]
    modes = statistics.mean(each["true/modes"] for each in last)
    return modes, statistics.mean(each["true/modes"] * each["true/good"] for each in last)


def judge(cures: Mapping[str, Sequence[str]], numbers: Sequence[int]) -> None:
    """One line for each cure and scenario."""
    print("| cure | scenario | failed without | rescued | made worse | quality without | with | acted, times |")
    print("|---|---|---|---|---|---|---|---|")
    for cure, games in cures.items():
        for name in games:
            pairs = [
                (without, treated)
                for seed in numbers
                if (without := read(UNTREATED / f"{name}-{seed}.jsonl.gz"))
                and (treated := read(KEPT / f"{name}-{cure}-{seed}.jsonl.gz"))
            ]
            if not pairs:
                continue
            ends = [(end(without), end(treated)) for without, treated in pairs]
            failed = [each for each in ends if each[0][0] <= MENDED]
            rescued = sum(treated[0] > MENDED for _, treated in failed)
            sound = [each for each in ends if each not in failed]
            worse = sum(treated[1] < (1 - WORSE) * without[1] for without, treated in sound)
            quality = [statistics.mean(each[side][1] for each in ends) for side in (0, 1)]
            acted = [sum(1 for each in treated if each.get("deeds")) for _, treated in pairs]
            cells = (
                cure,
                name,
                f"{len(failed)}/{len(pairs)}",
                f"{rescued}/{len(failed)}",
                f"{worse}/{len(sound)}",
                f"{quality[0]:.3f}",
                f"{quality[1]:.3f}",
                f"{statistics.median(acted):g} ({max(acted)})",
            )
            print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge"))
    parser.add_argument("--seeds", type=seeds, default=seeds("0-9"))
    parser.add_argument("--scenarios", default="", help="names, or beginnings of names, separated by commas")
    parser.add_argument("--cures", default=",".join(CURES), help="separated by commas")
    arguments = parser.parse_args()
    begins = tuple(arguments.scenarios.split(","))
    cures = {
        cure: [name for name in CURES[cure].games if name.startswith(begins)] for cure in arguments.cures.split(",")
    }
    if arguments.what == "judge":
        judge(cures, arguments.seeds)
        return
    plugins = Plugins()
    for seed in arguments.seeds:
        for cure, games in cures.items():
            for name in games:
                play(scenarios()[name], cure, seed, plugins)


if __name__ == "__main__":
    main()
