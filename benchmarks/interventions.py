"""Do the interventions mend what fails, and do they leave alone what does not?

    python benchmarks/interventions.py play --seeds 0-9        plays the scenarios with each cure; goes on where it was
    python benchmarks/interventions.py judge                   beside the same runs without any (detectors.py play)

One thread. A run is rescued if without the cure it ends failed and with it healthy: the last ticks reach more than
`MENDED` of the modes. Quality is the share of good samples times the share of modes, at the last ticks.
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
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))

from detectors import KEPT as UNTREATED
from detectors import Kept, seeds
from scenarios import RESULTS, Scenario, build, scenarios

from ganlab import Tick
from ganlab.engine import train
from ganlab.engine.run import Run
from ganlab.plugins import Plugins

KEPT = RESULTS / "interventions"

MENDED = 0.75
LAST = 3
"""Ticks at the end that are looked at together."""

MONITORS = [{"name": "lost-coverage"}, {"name": "never-covered"}, {"name": "stale-discriminator", "grace": 0.1}]

CONTROLLER = {"name": "probe-gap-controller", "factor": 4.0, "limit": 10, "cool_down": 0}
ROLL_BACK = {"name": "roll-back", "factor": 0.2, "limit": 3, "cool_down": 3}

DIAGNOSTICS = [
    {"name": "coverage"},
    {"name": "coverage", "label": "raw", "weights": "raw"},
    {"name": "coverage", "label": "training", "of": "training"},
    {"name": "balance", "every": 2},
    {"name": "probe-gap"},
]

CURES: dict[str, list[dict[str, Any]]] = {
    "controller": [CONTROLLER],
    "roll-back": [ROLL_BACK],
    "both": [CONTROLLER, ROLL_BACK],
}

FAILING = (
    "ring-starved",
    "ring-quarter",
    "digits-starved",
    "dcgan-starved",
    "ring-judge-x50",
    "ring-maker-x20",
    "digits-maker-x20",
    "dcgan-maker-x20",
)
HEALTHY = ("ring-r1", "ring-plain", "digits-r1", "dcgan-healthy")


class Told(Kept):
    """What was done, beside what was measured."""

    def tick(self, tick: Tick) -> None:
        super().tick(tick)
        if tick.deeds:
            line = json.loads(self.lines[-1])
            done = [each for each in tick.deeds if each.intervention != "fault"]
            line["deeds"] = [f"{each.action}{' HINDERED' if each.hindrance else ''}" for each in done]
            self.lines[-1] = json.dumps(line)


def play(scenario: Scenario, cure: str, seed: int, plugins: Plugins) -> None:
    """Play it with the cure, unless it was, and keep what was measured and done."""
    path = KEPT / f"{scenario.name}-{cure}-{seed}.jsonl.gz"
    if path.exists():
        return
    kept, began = Told(), time.process_time()
    watch = {"diagnostics": DIAGNOSTICS, "monitors": MONITORS, "interventions": CURES[cure]}
    outcome = train(build(scenario, seed, plugins, watch), Run(reporters={"kept": kept}))
    KEPT.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(gzip.compress("\n".join(kept.lines).encode(), mtime=0))
    part.rename(path)
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


def judge(wanted: Sequence[str], cures: Sequence[str], numbers: Sequence[int]) -> None:
    """One line for each scenario and cure."""
    print("| scenario | cure | failed without | of them rescued | quality without | with | acted, times |")
    print("|---|---|---|---|---|---|---|")
    for name in wanted:
        for cure in cures:
            pairs = [
                (without, treated)
                for seed in numbers
                if (without := read(UNTREATED / f"{name}-{seed}.jsonl.gz"))
                and (treated := read(KEPT / f"{name}-{cure}-{seed}.jsonl.gz"))
            ]
            if not pairs:
                continue
            failed = [(end(without), end(treated)) for without, treated in pairs if end(without)[0] <= MENDED]
            rescued = sum(treated[0] > MENDED for _, treated in failed)
            quality = [statistics.mean(end(pair[side])[1] for pair in pairs) for side in (0, 1)]
            acted = [sum(1 for each in treated if each.get("deeds")) for _, treated in pairs]
            cells = (
                name,
                cure,
                f"{len(failed)}/{len(pairs)}",
                f"{rescued}/{len(failed)}",
                f"{quality[0]:.3f}",
                f"{quality[1]:.3f} ({quality[1] / quality[0] - 1:+.1%})" if not failed else f"{quality[1]:.3f}",
                f"{statistics.median(acted):g} ({max(acted)})",
            )
            print(f"| {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("play", "judge"))
    parser.add_argument("--seeds", type=seeds, default=seeds("0-9"))
    parser.add_argument("--scenarios", default="", help="names, or beginnings of names, separated by commas")
    parser.add_argument("--cures", default="both,controller,roll-back")
    arguments = parser.parse_args()
    begins = tuple(arguments.scenarios.split(","))
    wanted = [name for name in (*FAILING, *HEALTHY) if name.startswith(begins)]
    cures = arguments.cures.split(",")
    if arguments.what == "judge":
        judge(wanted, cures, arguments.seeds)
        return
    plugins = Plugins()
    for cure in cures:
        for seed in arguments.seeds:
            for name in wanted:
                play(scenarios()[name], cure, seed, plugins)


if __name__ == "__main__":
    main()
