"""The seeds of a setting after its first, played at once: one process plays them as one game where that is possible.

It only saves time. Whatever it leaves undone, since it was killed or the games cannot be one, is played seed by seed.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ganlab.assemble.run_directory import RunDirectory, is_run
from ganlab.tune.child import PARTING_SECONDS, started
from ganlab.tune.score import DEAD


def play_together(
    folder: Path,
    recipe: Path,
    settings: Sequence[str],
    seeds: range,
    *,
    look: Callable[[list[int]], bool],
    every: float,
    silent: float,
) -> None:
    """Play them as the runs seed-N in `folder`, unless one has begun before. `look` is told now and then which seeds
    have died, and ends it all with False."""
    runs = {seed: RunDirectory(folder / f"seed-{seed}") for seed in seeds}
    if len(seeds) < 2 or any(is_run(each.path) for each in runs.values()):
        return
    arguments = ["run", str(recipe), *(part for each in settings for part in ("--set", each))]
    arguments += ["--seeds", f"{seeds[0]}-{seeds[-1]}", "--runs", str(folder), "--name", "seed", "--json"]
    process = started(arguments, folder / "seeds.log")
    heard = (0, time.monotonic())
    try:
        while process.poll() is None:
            time.sleep(every)
            size = sum(each.stat().st_size for each in folder.glob("seed-*/measurements.jsonl"))
            if size != heard[0]:
                heard = (size, time.monotonic())
            elif time.monotonic() - heard[1] > silent:
                process.kill()
            dead = [seed for seed, each in runs.items() if (each.outcome() or {}).get("ending") in DEAD]
            if not look(dead):
                return
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(PARTING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
