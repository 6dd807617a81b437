"""What a training step costs: ganlab's whole loop against the loops of others, on the same networks and batches.

    pip install --no-deps --target PEERS lightning pytorch-lightning lightning-utilities torchmetrics \
        torchgan torch-mimicry torchvision==0.28.0 fsspec pyyaml tqdm
    python benchmarks/step_time.py --peers PEERS --check

One thread; seconds of the processor (of the clock with --device cuda). All loops are alive at once and play by turns,
a stint each, so that all meet the same machine. ganlab plays `step_time_*.toml` through `ganlab.engine.loop.play`:
data set, moving average, every default measurement, monitor and reporter, at their own cadence; only the checkpoint,
one a minute, is left out. The others are handed ready batches and measure nothing.

A cost is the median over stints. Stints in which ganlab ticks or draws pictures, or a peer writes its log, have medians
of their own, weighted by how often they come. A ratio says how many times faster than that loop ganlab is. ganlab's
DCGAN is channels_last in both precisions, the others' is contiguous and float32, as they come.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import peers
import torch
from contest import Contestant, Match, contest

FLOAT, BRAIN = "ganlab float32", "ganlab bfloat16"

MATCHES = {
    "dcgan-32": Match(
        recipe="step_time_dcgan.toml",
        rounds=190,
        stint=1,
        ours={FLOAT: (), BRAIN: ("precision=bfloat16",)},
        theirs={
            "plain": peers.plain,
            "lightning": peers.lightning,
            "lightning, one fake": peers.lightning_one_fake,
            "torchgan": peers.torchgan,
            "mimicry": peers.mimicry,
        },
        bars={
            (FLOAT, "plain"): 1.12,
            (BRAIN, "plain"): 1.75,
            (FLOAT, "lightning"): 1.15,
            (BRAIN, "lightning"): 1.85,
            (FLOAT, "torchgan"): 1.25,
            (BRAIN, "torchgan"): 2.0,
            (FLOAT, "mimicry"): 1.25,
            (BRAIN, "mimicry"): 2.0,
        },
    ),
    "ring": Match(
        recipe="step_time_ring.toml",
        rounds=2000,
        stint=10,
        ours={"ganlab": ()},
        theirs={
            "plain": peers.plain,
            "lightning": peers.lightning,
            "lightning, one fake": peers.lightning_one_fake,
            "lightning + TensorBoard": peers.lightning_logging,
            "torchgan": peers.torchgan,
            "mimicry": peers.mimicry,
        },
        bars={("ganlab", "plain"): 1.10, ("ganlab", "lightning + TensorBoard"): 1.6},
    ),
}


def compared(match: Match, contestants: list[Contestant]) -> dict[str, Any]:
    """Costs, ratios, and whether each bar is held."""
    by_name = {each.name: each for each in contestants}
    costs = {name: each.cost for name, each in by_name.items()}

    def ratio(ours: str, theirs: str) -> dict[str, Any]:
        by_turn = [a / b for a, b in zip(by_name[theirs].stints, by_name[ours].stints, strict=True)]
        return {"ratio": costs[theirs] / costs[ours], "quartiles": quartiles(by_turn)}

    return {
        "milliseconds": {name: 1000 * cost for name, cost in costs.items()},
        "quartiles": {name: [1000 * value for value in quartiles(each.stints)] for name, each in by_name.items()},
        "kinds": {
            name: {kind: [len(times), 1000 * median(times)] for kind, times in by_name[name].seconds.items()}
            for name in match.ours
        },
        "ratios": {ours: {theirs: ratio(ours, theirs) for theirs in match.theirs} for ours in match.ours},
        "bars": [
            {"ours": ours, "theirs": theirs, "bar": bar, "held": costs[theirs] / costs[ours] >= bar}
            for (ours, theirs), bar in match.bars.items()
        ],
    }


def quartiles(values: list[float]) -> tuple[float, float]:
    """The first and the third."""
    low, _, high = quantiles(values, n=4)
    return low, high


def surroundings(device: torch.device) -> dict[str, str]:
    """The machine and the versions."""
    chip = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        chip = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), chip)
    found = {"device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu", "cpu": chip}
    found["cores"] = f"{os.cpu_count()}, 1 thread used, load {os.getloadavg()[0]:.1f}"
    found["instructions"] = torch.backends.cpu.get_cpu_capability()
    found["python"] = platform.python_version()
    for package in ("ganlab", "torch", "lightning", "torchgan", "torch-mimicry", "torchvision", "tensorboard"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def table(name: str, result: dict[str, Any]) -> str:
    """The result as text."""
    width = 30
    titles = (f"{ours:>{width}}" for ours in result["ratios"])
    lines = [f"{name:24} {'ms a round':>10}  {'quartiles':>15}  " + "  ".join(titles)]
    for who, cost in result["milliseconds"].items():
        low, high = result["quartiles"][who]
        found = (ratios.get(who) for ratios in result["ratios"].values())
        cells = (f"{told(each) if each else '':>{width}}" for each in found)
        lines.append(f"{who:24} {cost:10.2f}  {low:7.2f}-{high:7.2f}  {'  '.join(cells)}".rstrip())
    for ours, kinds in result["kinds"].items():
        parts = (f"{count} x {kind} {cost:.2f} ms" for kind, (count, cost) in kinds.items())
        lines.append(f"  {ours}: {', '.join(parts)}")
    for bar in result["bars"]:
        ratio = result["ratios"][bar["ours"]][bar["theirs"]]["ratio"]
        verdict = "held" if bar["held"] else "MISSED"
        lines.append(f"  {bar['ours']} >= {bar['bar']:.2f} x {bar['theirs']}: {ratio:.2f}, {verdict}")
    return "\n".join(lines)


def told(found: dict[str, Any]) -> str:
    """A ratio, and the quartiles of the ratios turn by turn."""
    low, high = found["quartiles"]
    return f"{found['ratio']:.2f} x ({low:.2f}-{high:.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description="What a training step costs, against the loops of others.")
    parser.add_argument("--peers", type=Path, required=True, help="where the peers are installed")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--match", choices=MATCHES, action="append", help="one of them; all if left out")
    parser.add_argument("--rounds", type=int, help="rounds of each loop that count")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a ratio is below its bar")
    arguments = parser.parse_args()
    sys.path.append(str(arguments.peers))
    torch.set_num_threads(1)
    device = torch.device(arguments.device)
    report: dict[str, Any] = {"surroundings": surroundings(device), "matches": {}}
    if not arguments.json:
        print("\n".join(f"{key}: {value}" for key, value in report["surroundings"].items()), flush=True)
    for name in arguments.match or MATCHES:
        match = MATCHES[name]
        with redirect_stdout(sys.stderr):  # what the peers have to say
            contestants = contest(match, device, arguments.rounds or match.rounds)
        result = compared(match, contestants)
        report["matches"][name] = result
        if not arguments.json:
            print(f"\n{table(name, result)}", flush=True)
    if arguments.json:
        print(json.dumps(report, indent=1))
    held = all(bar["held"] for result in report["matches"].values() for bar in result["bars"])
    return 0 if held or not arguments.check else 1


if __name__ == "__main__":
    sys.exit(main())
