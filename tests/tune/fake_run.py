"""Stands for `ganlab run` and `ganlab resume` in tests of studies: claims, locks and fills a run's directory as they
do, in a tenth of a second and without torch.

Its objective falls to |log10(rate) + 3| + seed / 100, where `rate` is the generator's learning rate; above 0.01 seed 2
dies halfway, above 0.1 all do, above 1 it ends with an error, above 10 it hangs.
"""

import json
import math
import os
import sys
import time
import tomllib
from itertools import pairwise
from pathlib import Path

from ganlab.assemble.run_directory import RunDirectory

TICKS = 10
SECONDS = float(os.environ.get("FAKE_SECONDS", "0.02"))
BUDGET = 10.0


def main(arguments: list[str]) -> int:
    if arguments[0] == "resume":
        directory = RunDirectory(Path(arguments[1]))
        directory.lock()
        return play(directory)
    pairs = list(pairwise(arguments))
    given = dict(pairs)
    settings = dict(value.split("=", 1) for key, value in pairs if key == "--set")
    own = tomllib.loads(Path(arguments[1]).read_text())["players"]["generator"]["optimizer"]["lr"]
    rate = float(settings.get("players.generator.optimizer.lr", own))
    if "--seeds" not in given:
        return play(claimed(given["--runs"], given["--name"], rate, int(settings["seed"])))
    first, last = map(int, given["--seeds"].split("-"))
    name = given["--name"]
    return max([play(claimed(given["--runs"], f"{name}-{seed}", rate, seed)) for seed in range(first, last + 1)])


def claimed(runs: str, name: str, rate: float, seed: int) -> RunDirectory:
    directory = RunDirectory.claim(Path(runs), name, "fake")
    directory.write("recipe.toml", f"rate = {rate!r}\nseed = {seed}\n")
    return directory


def play(directory: RunDirectory) -> int:
    told = tomllib.loads((directory.path / "recipe.toml").read_text())
    rate, seed = told["rate"], told["seed"]
    if 1 < rate <= 10:
        print("ganlab: error[E-MEMORY]: no memory left", file=sys.stderr)
        return 9
    path = directory.path / "measurements.jsonl"
    lines = path.read_text().count("\n") if path.exists() else 0
    while lines < TICKS:
        time.sleep(1000 if rate > 10 else SECONDS)
        lines += 1
        with path.open("a") as file:
            file.write(json.dumps(line(lines, rate, seed)) + "\n")
        if dies(rate, seed) and lines == TICKS // 2:
            return end(directory, "stopped", lines)
    return end(directory, "finished", lines)


def dies(rate: float, seed: int) -> bool:
    return rate > 0.1 or (rate > 0.01 and seed == 2)


def line(tick: int, rate: float, seed: int) -> dict[str, float]:
    worse = 10 if dies(rate, seed) else 10 / tick**2
    value = abs(math.log10(rate) + 3) + seed / 100 + worse
    return {"kimg": tick * BUDGET / TICKS, "round": tick, "seconds": tick / 100, "mmd@fake": value}


def end(directory: RunDirectory, ending: str, lines: int) -> int:
    told = {"ending": ending, "sentence": "lost-coverage: gone", "kimg": lines * BUDGET / TICKS, "round": lines}
    directory.write("outcome.json", json.dumps(told | {"seconds": lines / 100, "fraction": lines / TICKS}))
    directory.unlock()
    return 0 if ending == "finished" else 7


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
