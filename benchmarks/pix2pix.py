"""What `ganlab-pix2pix` makes of pictures it has not seen, beside its ablations: pix2pix, CycleGAN, and a sick game.

    python benchmarks/pix2pix.py play --seeds 0-2 [--only pix2pix l1-only]   goes on where it was broken off
    python benchmarks/pix2pix.py judge

Each run is an ordinary one of a recipe of the package, one thread, in a process of its own; what is kept of it is what
the diagnostic `translation` measured of 512 held-out pairs at the last tick, what the monitors said, and CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

KEPT = Path(__file__).parent / "results" / "pix2pix"

NOBODY_JUDGES = tuple(f"views.target.{side}=0" for side in ("real", "fake", "generator"))
BLIND = ('task={name="paired", conditional=false}',)
STARVED = ("players.target.optimizer.lr=1e-6", "budget_kimg=4")

GAMES = {
    "pix2pix": ("labels-to-texture", ()),
    "l1-only": ("labels-to-texture", NOBODY_JUDGES),
    "unconditional": ("labels-to-texture", BLIND),
    "cyclegan": ("labels-and-texture", ()),
    "edges": ("edges-to-photograph", ()),
    "edges-l1-only": ("edges-to-photograph", NOBODY_JUDGES),
    "starved": ("labels-to-texture", STARVED),
}

ROWS = {
    "pix2pix": "L1 + conditional GAN",
    "l1-only": "L1 only",
    "unconditional": "L1 + unconditional GAN",
    "cyclegan": "CycleGAN, no pairs",
}

DISTANCE = "feature-distance{}@random-conv-v1"


def play(game: str, seed: int, runs: Path) -> None:
    """Play one run, unless it was played, and keep what was measured of it."""
    kept = KEPT / f"{game}-{seed}.json"
    if kept.exists():
        return
    recipe, settings = GAMES[game]
    name = f"{game}-{seed}"
    command = [sys.executable, "-m", "ganlab", "run", recipe, "--runs", str(runs), "--name", name]
    for setting in (f"seed={seed}", "threads=1", *settings):
        command += ["--set", setting]
    if (runs / name).exists():  # it was broken off
        command = [sys.executable, "-m", "ganlab", "resume", str(runs / name)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    alone = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, env=alone, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 7):
        sys.exit(f"{name}: {done.stderr.strip()}")
    last = (runs / name / "measurements.jsonl").read_text().splitlines()[-1]
    told = (
        (runs / name / "findings.jsonl").read_text().splitlines() if (runs / name / "findings.jsonl").exists() else []
    )
    record = {
        "measured": {
            each.removeprefix("translation/"): value
            for each, value in json.loads(last).items()
            if each.startswith("translation/")
        },
        "findings": [
            {part: each[part] for part in ("monitor", "severity", "kimg", "sentence")} for each in map(json.loads, told)
        ],
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "status": done.returncode,
    }
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(record, indent=1) + "\n")
    print(name, record["cpu_seconds"], "s", {k: round(v, 3) for k, v in record["measured"].items()}, flush=True)


def results(game: str) -> list[dict]:
    """All that was kept of a game, by seed."""
    return [json.loads(path.read_text()) for path in sorted(KEPT.glob(f"{game}-[0-9]*.json"))]


def numbers(game: str, name: str) -> list[float]:
    """One measurement of all seeds."""
    return [each["measured"][name] for each in results(game) if name in each["measured"]]


def cell(values: list[float]) -> str:
    """Mean and spread; each value where there are few."""
    if not values:
        return ""
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"


def judge() -> None:
    """Print the tables, and whether each bar was held."""
    columns = ("read-back", "high-frequency", "l1", DISTANCE.format(""))
    print("| labels -> texture | seeds | read back | high frequencies, of real | L1 | feature distance | CPU-s |")
    print("|---|---|---|---|---|---|---|")
    for game, called in ROWS.items():
        cells = [cell(numbers(game, name)) for name in columns]
        seconds = [each["cpu_seconds"] for each in results(game)]
        cost = f"{statistics.mean(seconds):.0f}" if seconds else ""
        print(f"| {called} | {len(seconds)} | {' | '.join(cells)} | {cost} |")
    identity = [numbers("pix2pix", f"{name}/identity")[:1] for name in ("read-back", "l1")]
    far = cell(numbers("pix2pix", DISTANCE.format("/identity"))[:1])
    print(f"| the labels themselves | | {cell(identity[0])} | | {cell(identity[1])} | {far} | |")
    print(f"| real | | {cell(numbers('pix2pix', 'read-back/real')[:1])} | 1 | 0 | 0 | |")
    print("\n| edges -> photograph | seeds | feature distance | high frequencies, of real | L1 | CPU-s |")
    print("|---|---|---|---|---|---|")
    for game, called in (("edges", "L1 + conditional GAN"), ("edges-l1-only", "L1 only")):
        cells = [cell(numbers(game, name)) for name in (columns[3], columns[1], columns[2])]
        seconds = [each["cpu_seconds"] for each in results(game)]
        cost = f"{statistics.mean(seconds):.0f}" if seconds else ""
        print(f"| {called} | {len(seconds)} | {' | '.join(cells)} | {cost} |")
    far, off = (cell(numbers("edges", f"{name}")[:1]) for name in (DISTANCE.format("/identity"), "l1/identity"))
    print(f"| the edges themselves | | {far} | | {off} | |")
    print()
    for line in bars():
        print(line)


def bars() -> list[str]:
    """Each bar, what was measured, and whether it held."""
    both, alone = numbers("pix2pix", "read-back"), numbers("l1-only", "read-back")
    said = []

    def told(what: str, held: bool, measured: str) -> None:
        said.append(f"{'held' if held else '**missed**'}: {what}: {measured}")

    if both and alone:
        told("read back >= 0.9 in every seed", min(both) >= 0.9, str([round(each, 3) for each in both]))
        told("and >= L1 only + 0.1", min(both) >= max(alone) + 0.1, f"{min(both):.3f}, {max(alone):.3f}")
        high, low = numbers("pix2pix", "high-frequency"), numbers("l1-only", "high-frequency")
        fine = all(0.8 <= each <= 1.2 for each in high) and min(high) > max(low)
        told("high frequencies 0.8 to 1.2, above L1 only's", fine, str([round(each, 3) for each in (*high, *low)]))
        worse, better = numbers("pix2pix", "l1"), numbers("l1-only", "l1")
        told("L1 worse than L1 only's", min(worse) > max(better), f"{min(worse):.3f}, {max(better):.3f}")
    if cycle := numbers("cyclegan", "read-back"):
        middle = (0.25 + statistics.mean(both)) / 2
        told("without pairs at least halfway from 0.25", min(cycle) >= middle, f"{min(cycle):.3f}, {middle:.3f}")
    name = DISTANCE.format("")
    near, far = numbers("edges", name), numbers("edges-l1-only", name)
    if near and far:
        share = statistics.mean(near) / statistics.mean(far)
        each = [f"{1 - one / other:.0%}" for one, other in zip(near, far, strict=False)]
        told("edges: 20 % nearer than L1 only in the mean", share <= 0.8, f"{1 - share:.1%}; by seed {each}")
    for game in ("pix2pix", "cyclegan", "edges"):
        alarms = [loud(each["findings"]) for each in results(game)]
        told(f"no alarm in {game}", not any(alarms), f"{len(alarms)} runs, alarms {[each for each in alarms if each]}")
    sick = [loud(each["findings"]) for each in results("starved")]
    if sick:
        told("a starved discriminator is found", all(sick), str([each[:1] for each in sick]))
    return said


def loud(findings: list[dict]) -> list[str]:
    """Monitors that said more than a note."""
    return [f"{each['monitor']} at {each['kimg']:g} kimg" for each in findings if each["severity"] != "note"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=("play", "judge"))
    parser.add_argument("--seeds", default="0-2")
    parser.add_argument("--only", nargs="+", choices=GAMES, default=list(GAMES))
    parser.add_argument("--runs", type=Path, default=Path("runs/pix2pix"))
    asked = parser.parse_args()
    if asked.do == "judge":
        judge()
        return
    first, _, last = asked.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        for game in asked.only:
            play(game, seed, asked.runs)


if __name__ == "__main__":
    main()
