"""What happened in a run as plain records: the lines of `measurements.jsonl` and its neighbours, and of `--json`.

JSON has no NaN and no infinity, and a run that goes wrong is full of them: they are written as the strings "NaN",
"Infinity" and "-Infinity", which Python's `float` reads back. What a plugin puts into a finding or an action may be
anything, and is written as a number if it is one, or else as text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ganlab.values import Deed, Finding, Outcome, Progress, Tick


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
    return {"kimg": finding.kimg, "round": finding.round, **_parts(finding)}


def deed_record(deed: Deed, progress: Progress) -> dict[str, Any]:
    """Where it was done, its kind in kebab-case ("scale-learning-rate"), its own fields, who asked for it and why; and
    if it was not done, but only observed or hindered."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", type(deed.action).__name__).lower()
    record = {"kimg": progress.kimg, "round": progress.round, "action": kind, **_parts(deed.action)}
    record |= {"intervention": deed.intervention} if deed.intervention else {}
    record |= {"reason": deed.reason} if deed.reason else {}
    record |= {"observed": True} if deed.observed else {}
    return record | ({"hindrance": deed.hindrance} if deed.hindrance else {})


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


MOST_LEVELS = 20


def _finite(value: Any, level: int = 0) -> Any:
    """The value as JSON knows it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if level < MOST_LEVELS and isinstance(value, Mapping):
        return {str(name): _finite(each, level + 1) for name, each in value.items()}
    if level < MOST_LEVELS and isinstance(value, list | tuple | set | frozenset):
        return [_finite(each, level + 1) for each in value]
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else hex(value)  # digits by the thousand Python does not write
    try:
        number = float(value)  # of numpy, of torch
    except Exception:
        return f"a {type(value).__name__}"
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _parts(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, by name; what they hold is not copied, since not everything can be."""
    return {each.name: getattr(value, each.name) for each in fields(value)}
