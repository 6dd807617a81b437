"""Kills the real command line at random moments, starts it again, and compares what is left with an unbroken run.

    python benchmarks/kills.py --kills 20 --seed 0

Each life is a fresh process of `ganlab run` or `ganlab resume` that gets SIGKILL at a random moment: every third while
it still starts, the others once it plays, saving three times a second. After that many kills the last life plays to the
end. Prints a line for each kill, and ends with 1 if a bit of the newest checkpoint or a line of the record differs, or
if a published checkpoint is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

from ganlab.engine import container
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.errors import GanlabError

SETTINGS = ("budget_rounds=6000", "checkpoint_seconds=0.3", "watch.tick_kimg=5.12", "watch.picture_every=10")


def command(name: str, runs: Path) -> list[str]:
    """Begin the run, or go on with it."""
    start = [sys.executable, "-m", "ganlab"]
    if (runs / name / "recipe.toml").exists():
        return [*start, "resume", name, "--runs", str(runs), "--json"]
    changes = [word for setting in SETTINGS for word in ("--set", setting)]
    return [*start, "run", "ring", "--name", name, "--runs", str(runs), "--json", *changes]


def reached(run: Path) -> int:
    """Rounds at the newest whole checkpoint; -1 if there is none."""
    try:
        return int(CheckpointFolder(run / "checkpoints").newest()[0]["game"]["clock"]["round"])
    except GanlabError:
        return -1


def left(run: Path) -> tuple[bytes, list[dict[str, Any]]]:
    """Every bit of the newest checkpoint's game, and every measurement without its times."""
    state, _, _ = CheckpointFolder(run / "checkpoints").newest()
    lines = [json.loads(line) for line in (run / "measurements.jsonl").read_text().splitlines()]
    times = ("seconds", "images_per_second")
    return bytes(container.pack(state["game"])), [{k: v for k, v in each.items() if k not in times} for each in lines]


def main() -> int:
    """Print what happened; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds to the kill")
    options = parser.parse_args()
    chance, lost = random.Random(options.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        subprocess.run(command("unbroken", runs), stdout=subprocess.DEVNULL, check=True)
        before = -1
        for number in range(options.kills):
            child = subprocess.Popen(command("killed", runs), stdout=subprocess.PIPE, text=True)
            plays, wait = number % 3 > 0, chance.uniform(0.1, options.longest)
            assert child.stdout is not None
            while plays and '"tick"' not in (line := child.stdout.readline()) and line:
                pass
            time.sleep(wait)
            child.send_signal(signal.SIGKILL)
            ended = child.wait()
            after = reached(runs / "killed")
            half = len(list(runs.rglob("*.tmp.*")))
            verdict = "whole" if after >= before else "LOST"
            lost += after < before
            print(
                f"{number + 1:3} after {wait:4.1f} s: status {ended}, round {after}, {half} half files, {verdict}",
                flush=True,
            )
            before = after
        while not (runs / "killed" / "outcome.json").exists():
            subprocess.run(command("killed", runs), stdout=subprocess.DEVNULL, check=True)
        same = left(runs / "killed") == left(runs / "unbroken")
    print(f"{options.kills} kills, {lost} checkpoints lost, {'0 bits differ' if same else 'BITS DIFFER'}")
    return int(lost > 0 or not same)


if __name__ == "__main__":
    sys.exit(main())
