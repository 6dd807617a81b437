"""Draws again what only shows a run, from the JSON lines that are the truth about it.

An event file that was damaged is of no more use to TensorBoard from there on; the numbers in it are in the record too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ganlab import disk
from ganlab.assemble.reading import read_lines
from ganlab.assemble.run_directory import RunDirectory
from ganlab.engine.health import as_finding
from ganlab.errors import DataError, StorageError
from ganlab.interfaces.reporter import RunInfo
from ganlab.plugins import Plugins
from ganlab.recipe import parse, read_toml
from ganlab.values import Ending, Outcome, Progress, Tick

PLACE = ("kimg", "round", "seconds", "images_per_second")
"""What stands in a line of the record beside measurements."""


def redrawn(directory: RunDirectory, plugins: Plugins) -> list[str]:
    """Draw the run's views again and return the names of the files that are set aside, under which none reads them.

    Raises `DataError` if there is nothing to draw from or no reporter that can, `BusyError`, `StorageError`.
    """
    recipe = parse(read_toml(directory.path / "recipe.toml"))
    found = list(ticks(directory, recipe.kimg))
    if not found:
        raise DataError(f"run '{directory.name}' has no record to draw from; measurements.jsonl is empty or missing")
    text = directory.recipe_text() or ""
    info = RunInfo(directory.name, directory.path, text, recipe.kimg, tuple(recipe.players), "")
    reporters = [plugins.find("reporters", each.name).create(**each.options) for each in recipe.watch.reporters]
    able = [each for each in reporters if each.redraws is not None]
    if not able:
        raise DataError(f"run '{directory.name}' has no reporter whose files can be drawn again")
    directory.lock()
    try:
        aside: list[str] = []
        for reporter in able:
            for path in sorted(directory.path.glob(reporter.redraws)):
                kept = path.with_name(f"before-redrawing-{path.stat().st_mtime_ns}.{len(aside)}")
                disk.system.rename(path, kept)
                aside.append(kept.name)
            reporter.start(info, Progress(), None)
            for tick in found:
                reporter.tick(tick)
            if (ended := outcome(directory)) is not None:
                reporter.end(ended)
            reporter.state()
    except OSError as error:
        raise StorageError(f"{directory.path}: {error.strerror}; make room, then try again") from error
    finally:
        directory.unlock()
    return aside


def ticks(directory: RunDirectory, kimg: float) -> Iterator[Tick]:
    """Every tick in the record, without its pictures and actions."""
    findings = read_lines(directory.path / "findings.jsonl")
    for line in read_lines(directory.path / "measurements.jsonl"):
        with suppress(KeyError, TypeError, ValueError):  # somebody has edited it
            samples = round(float(line["kimg"]) * 1000)
            progress = Progress(int(line["round"]), samples, samples / (kimg * 1000))
            told = tuple(as_finding(each) for each in findings if each.get("round") == line["round"])
            numbers = {name: float(value) for name, value in line.items() if name not in PLACE}
            rate = float(line["images_per_second"])
            yield Tick(progress, numbers, told, seconds=float(line["seconds"]), images_per_second=rate)


def outcome(directory: RunDirectory) -> Outcome | None:
    """How it ended, if it has."""
    told = directory.outcome()
    if told is None:
        return None
    with suppress(KeyError, TypeError, ValueError):
        progress = Progress(int(told["round"]), round(float(told["kimg"]) * 1000))
        return Outcome(Ending(told["ending"]), str(told["sentence"]), progress, float(told["seconds"]))
    return None
