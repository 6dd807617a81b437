"""What was measured in a run, moment by moment: in ours by their record, in those of others by their logs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganlab.assemble.reading import is_number, open_plain
from ganlab.interfaces.foreign_run import ForeignRun
from ganlab.values import Finding, Progress, Severity

PLACE = ("kimg", "round", "seconds", "images_per_second")
"""What stands in a line of the record beside measurements."""

NOT_FINITE = ("NaN", "Infinity", "-Infinity")
"""What stands there for a number that JSON does not know."""

MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Moment:
    """What was known at one place of a run. `at` is in the run's unit; `seconds` were trained before it."""

    at: float
    round: int
    seconds: float | None
    measurements: Mapping[str, float]


@dataclass(frozen=True)
class History:
    """The moments of a run, in order, and what its record says of it beside them."""

    name: str
    kind: str
    unit: str
    moments: tuple[Moment, ...]
    budget: float
    foreign: bool = False
    checkpoints: Mapping[float, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    """What was found while it was played."""

    notes: tuple[str, ...] = ()

    def place(self, at: float) -> str:
        """ "12.5 kimg", "step 40000"."""
        return f"{at:g} kimg" if self.unit == "kimg" else f"step {at:.0f}"

    def progress(self, moment: Moment) -> Progress:
        """The same as a monitor is told. Where steps are counted, a step counts as a kimg."""
        fraction = moment.at / self.budget if self.budget else 1.0
        return Progress(moment.round, round(moment.at * 1000), min(1.0, fraction))

    def moment(self, at: float) -> Moment:
        """The first moment from `at` on, or else the last."""
        return next((each for each in self.moments if each.at >= at), self.moments[-1])

    def course(self, name: str) -> list[tuple[Moment, float]]:
        """Where a measurement was made, and what it was."""
        return [(each, each.measurements[name]) for each in self.moments if name in each.measurements]

    def names(self) -> list[str]:
        """Every measurement, in the order in which they appear."""
        return list(dict.fromkeys(name for each in self.moments for name in each.measurements))


def of_ours(name: str, path: Path, budget: float | None) -> History:
    """The history in a run's directory; without moments if it has no record. Bad lines are left out, and told."""
    moments: list[Moment] = []
    spoilt = 0
    for line in record_lines(path / "measurements.jsonl"):
        moment = None if line is None else moment_in(line)
        if moment is None:
            spoilt += 1
            continue
        while moments and moments[-1].at >= moment.at:  # the same stretch again: the later life is the one that counts
            moments.pop()
        moments.append(moment)
    findings = []
    for line in record_lines(path / "findings.jsonl"):
        finding = None if line is None else finding_in(line)
        spoilt += finding is None
        findings += [finding] if finding is not None else []
    lines = (
        f"{spoilt} line{'s' * (spoilt != 1)} of the record cannot be read and {'are' if spoilt != 1 else 'is'} left out"
    )
    notes = (lines,) if spoilt else ()
    last = moments[-1].at if moments else 0.0
    return History(
        name, "a run of ganlab", "kimg", tuple(moments), budget or last, findings=tuple(findings), notes=notes
    )


def of_others(name: str, run: ForeignRun) -> History:
    """The history in another program's log."""
    found: dict[float, dict[str, float]] = {}
    clock: dict[float, float] = {}
    for measurement, points in run.series.items():
        for point in points:
            found.setdefault(point.at, {})[measurement] = point.value
            if point.seconds is not None and math.isfinite(point.seconds):
                clock[point.at] = max(clock.get(point.at, 0.0), point.seconds)
    moments = tuple(Moment(at, round(at), clock.get(at), found[at]) for at in sorted(found))
    budget = run.budget if run.budget and math.isfinite(run.budget) else 0.0
    longest = max(budget, moments[-1].at) if moments else 0.0
    checkpoints, notes = dict(run.checkpoints), tuple(run.notes)
    return History(name, run.kind, run.unit, moments, longest, True, checkpoints, notes=notes)


def record_lines(path: Path) -> Iterator[dict[str, Any] | None]:
    """The objects in a file of JSON lines; None for a line that is none. Nothing if there is no such file."""
    try:
        with open_plain(path) as file:
            while raw := file.readline(MOST_BYTES):
                try:
                    line = json.loads(raw)
                except (ValueError, RecursionError):
                    line = None
                yield line if isinstance(line, dict) else None
    except OSError:
        return


def moment_in(line: Mapping[str, Any]) -> Moment | None:
    """What a line of `measurements.jsonl` says; None if it does not say where."""
    if not is_number(line.get("kimg")) or not is_number(line.get("round")) or line["kimg"] < 0 or line["round"] < 0:
        return None
    seconds = float(line["seconds"]) if is_number(line.get("seconds")) else None
    measured = {
        name: float(value)
        for name, value in line.items()
        if name not in PLACE and (is_number(value) or isinstance(value, float) or value in NOT_FINITE)
    }
    return Moment(float(line["kimg"]), int(line["round"]), seconds, measured)


def finding_in(line: Mapping[str, Any]) -> Finding | None:
    """What a line of `findings.jsonl` says; None if it is no finding."""
    texts = [line.get(name, "") for name in ("monitor", "sentence", "advice", "subject")]
    severity, causes, evidence = line.get("severity"), line.get("causes", []), line.get("evidence", {})
    if not all(isinstance(each, str) for each in texts) or severity not in list(Severity):
        return None
    if not all(is_number(line.get(name)) for name in ("kimg", "round", "began_kimg")):
        return None
    return Finding(
        monitor=texts[0],
        sentence=texts[1],
        severity=Severity(severity),
        kimg=float(line["kimg"]),
        round=int(line["round"]),
        began_kimg=float(line["began_kimg"]),
        evidence={str(name): float(each) for name, each in plain_numbers(evidence)},
        advice=texts[2],
        subject=texts[3],
        causes=tuple(map(str, causes)) if isinstance(causes, Sequence) and not isinstance(causes, str) else (),
        over=line.get("over") is True,
    )


def plain_numbers(table: Any) -> Iterator[tuple[str, float]]:
    """What of a table is a number, NaN and infinity too."""
    for name, value in table.items() if isinstance(table, Mapping) else ():
        if is_number(value) or isinstance(value, float) or value in NOT_FINITE:
            yield name, float(value)
