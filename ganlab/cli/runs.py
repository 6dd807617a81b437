"""`ganlab runs`: every run in a line. A few small files are read of each, and no recipe is parsed: a thousand runs
take less than a second."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from ganlab.assemble.reading import numbers, open_plain
from ganlab.assemble.run_directory import RunDirectory, list_runs
from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.words import duration

TAIL = 1 << 16
"""Bytes at the end of a record that are looked at."""

HEALTHY = "healthy"
UNWATCHED = "no monitors"
UNKNOWN = "no record"


@click.command("runs")
@parameters.runs
@parameters.as_json
def command(runs: Path, as_json: bool) -> None:
    """List the runs: how far they are, how they ended, and how they are. The latest is the last."""
    found = sorted((summary(each) for each in list_runs(runs)), key=lambda run: (run["started"] or "", run["run"]))
    if as_json:
        say_json({"runs": found})
    elif not found:
        say(f"no runs in {runs}; 'ganlab run' begins one")
    else:
        rows = [
            [
                run["run"],
                run["recipe"] or "",
                "" if run["kimg"] is None else f"{run['kimg']:.1f}",
                run["ending"],
                run["health"],
                "" if run["seconds"] is None else duration(run["seconds"]),
            ]
            for run in found
        ]
        say_table(["run", "recipe", "kimg", "ending", "health", "time"], rows, flexible=[4])


def summary(directory: RunDirectory) -> dict[str, Any]:
    """One run, as plain data; None for what is not known."""
    reached = directory.outcome() or last_record(directory.path / "measurements.jsonl") or {}
    provenance = directory.provenance()
    return {
        "run": directory.name,
        "directory": str(directory.path),
        "recipe": text_in(provenance, "recipe"),
        "started": text_in(provenance, "started"),
        "kimg": number_in(reached, "kimg"),
        "ending": directory.ending(),
        "health": health(directory, provenance),
        "seconds": number_in(reached, "seconds"),
    }


def text_in(record: dict[str, Any], name: str) -> str | None:
    """What the record says, if it is text."""
    found = record.get(name)
    return found if isinstance(found, str) else None


def number_in(record: dict[str, Any], name: str) -> float | None:
    """What the record says, if it is a number."""
    return record[name] if numbers(record, name) else None


def health(directory: RunDirectory, provenance: dict[str, Any]) -> str:
    """The latest finding that was more than a note, or else that the run is healthy, if anything watched it and wrote
    down what it found."""
    path = directory.path / "findings.jsonl"
    if not path.exists():
        return UNKNOWN
    for finding in reversed(records(path)):
        if finding.get("severity") != "note":
            return f"{finding.get('severity')} at {number_in(finding, 'kimg') or 0:.1f} kimg: {finding.get('monitor')}"
    return HEALTHY if provenance.get("monitors") else UNWATCHED


def last_record(path: Path) -> dict[str, Any] | None:
    """The last line of a record that is whole."""
    found = records(path)
    return found[-1] if found else None


def records(path: Path) -> list[dict[str, Any]]:
    """The last lines of a record, those that are whole."""
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL))
            lines = file.read().split(b"\n")
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            found.append(record)
    return found
