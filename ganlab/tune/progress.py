"""Where a trial is that is being played, by what its runs have recorded."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

TAIL_BYTES = 1 << 16
"""A line of the record is shorter."""


def playing(directory: Path, budget: float) -> str:
    """ "seed 1 at 45%"; nothing if no run of the trial has recorded anything. `budget` is what a run is shown, in
    kimg."""
    records = {int(each.parent.name[5:]): each for each in directory.glob("seed-[0-9]*/measurements.jsonl")}
    if not records:
        return ""
    seed = max(records)
    return f"seed {seed} at {min(1.0, _last_kimg(records[seed]) / budget):.0%}"


def _last_kimg(record: Path) -> float:
    with suppress(OSError), record.open("rb") as file:
        file.seek(max(0, record.stat().st_size - TAIL_BYTES))
        for line in reversed(file.read().split(b"\n")):
            with suppress(ValueError, KeyError, TypeError):  # a line that is just being written
                return float(json.loads(line)["kimg"])
    return 0.0
