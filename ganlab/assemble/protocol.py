"""The record of an evaluation: its numbers, whose they are, and how each was measured.

Two numbers can be ranked if they were measured alike: on the same real samples, on as many generated ones, in the same
space, with the same options. What may differ is whose samples they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganlab.assemble.reading import is_number, read_json
from ganlab.errors import DataError

FORMAT = "ganlab evaluation 1"

NOT_PROTOCOL = ("features", "weights")
"""Options of a metric that the record tells better (features by their hash), or that say whose samples they are."""

NOT_FINITE = ("NaN", "Infinity", "-Infinity")

MISSING = "nothing"


@dataclass(frozen=True)
class Evaluation:
    """What was measured, as plain data."""

    record: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Evaluation:
        """The evaluation that 'ganlab evaluate --out' wrote. Raises `DataError` if the file is none."""
        found = read_json(path)
        if not isinstance(found, dict) or found.get("format") != FORMAT or not _is_whole(found):
            raise DataError(f"{path}: is no evaluation; expected a file that 'ganlab evaluate --out' has written")
        return cls(found)

    @property
    def measurements(self) -> dict[str, float]:
        """Numbers by name."""
        return {name: float(value) for name, value in self.record["measurements"].items()}

    def protocol(self, measurement: str) -> dict[str, Any]:
        """How that number was measured, by dotted key."""
        protocol = self.record["protocol"]
        metric: dict[str, Any] = next(
            (each for each in protocol["metrics"].values() if measurement in each.get("measurements", ())), {}
        )
        options = {key: value for key, value in metric.get("options", {}).items() if key not in NOT_PROTOCOL}
        told = {
            "ganlab": protocol.get("ganlab"),
            "data": protocol.get("data", {}).get("fingerprint"),
            "resize": protocol.get("resize"),
            "choice": protocol.get("choice"),
            "metric": metric.get("name"),
            "options": options,
            "real": metric.get("real"),
            "generated": sorted((metric.get("generated") or {}).values()),
            "features": metric.get("features"),
        }
        return dict(_flat(told))


def differences(one: Evaluation, other: Evaluation) -> list[str]:
    """In what the measurements that both have were not measured alike, a line each."""
    found: dict[str, list[str]] = {}
    for name in one.measurements:
        if name not in other.measurements:
            continue
        left, right = one.protocol(name), other.protocol(name)
        for key in dict.fromkeys([*left, *right]):
            if left.get(key) != right.get(key):
                sides = " against ".join(json.dumps(each.get(key), ensure_ascii=False) for each in (left, right))
                found.setdefault(f"{key}: {sides}", []).append(name)
    return [
        line if len(names) == len(set(one.measurements) & set(other.measurements)) else f"{', '.join(names)}: {line}"
        for line, names in found.items()
    ]


def _flat(tree: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted key."""
    if isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from _flat(value, f"{where}.{key}" if where else str(key))
    else:
        yield where, tree


def _is_whole(record: dict[str, Any]) -> bool:
    """True if it has the shape that is relied on."""
    measurements, protocol, samples = (record.get(each) for each in ("measurements", "protocol", "samples"))
    if not all(isinstance(each, dict) for each in (measurements, protocol, samples)):
        return False
    metrics = protocol.get("metrics") if isinstance(protocol, dict) else None
    parts = [metrics, protocol.get("data", {})] if isinstance(protocol, dict) else []
    if not all(isinstance(each, dict) for each in parts) or not isinstance(metrics, dict):
        return False
    for metric in metrics.values():
        if not isinstance(metric, dict) or not isinstance(metric.get("measurements", []), list):
            return False
        generated = metric.get("generated", {})
        tables = (metric.get("options", {}), generated)
        if not all(isinstance(each, dict) for each in tables) or not all(map(is_number, generated.values())):
            return False
    values = measurements.values() if isinstance(measurements, dict) else ()
    return all(is_number(each) or isinstance(each, float) or each in NOT_FINITE for each in values)
