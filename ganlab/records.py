"""What happened in a run as plain records: the lines of `measurements.jsonl` and its neighbours, and of `--json`.

JSON has no NaN and no infinity, and a run that goes wrong is full of them: they are written as the strings "NaN",
"Infinity" and "-Infinity", which Python's `float` reads back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ganlab.values import Action, Finding, Outcome, Progress, Tick


def measurement_record(tick: Tick) -> dict[str, Any]:
    """Where the run was, how long it took, how fast it went, and every measurement by its own name."""
    record: dict[str, Any] = {
        "kimg": tick.progress.kimg,
        "round": tick.progress.round,
        "seconds": tick.seconds,
        "images_per_second": tick.images_per_second,
    }
    for name, value in tick.measurements.items():
        record.setdefault(name, float(value))
    return record


def finding_record(finding: Finding) -> dict[str, Any]:
    """The finding, where it was made first."""
    return {"kimg": finding.kimg, "round": finding.round, **asdict(finding)}


def action_record(action: Action, progress: Progress) -> dict[str, Any]:
    """Where it was carried out, its kind in kebab-case ("scale-learning-rate"), and its own fields."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(action).__name__).lower()
    return {"kimg": progress.kimg, "round": progress.round, "action": kind, **asdict(action)}


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """How the run ended, and where."""
    return {
        "ending": outcome.ending.value,
        "sentence": outcome.sentence,
        "kimg": outcome.progress.kimg,
        "round": outcome.progress.round,
        "seconds": outcome.seconds,
    }


def json_line(record: Mapping[str, Any]) -> str:
    """The record as one line of ASCII that any JSON reader takes, with its newline."""
    return json.dumps(_finite(record), allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
