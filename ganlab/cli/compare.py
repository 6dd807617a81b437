"""`ganlab compare`: in what two runs differ, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ganlab.assemble.difference import differing
from ganlab.assemble.reading import is_number
from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.cli.runs import summary
from ganlab.cli.words import number
from ganlab.errors import RecipeError
from ganlab.words import duration

BLOCKS = "▁▂▃▄▅▆▇█"
HOLE = "·"
"""Stands where a number was not finite."""

WIDTH = 16

PLACE = ("kimg", "round", "seconds", "images_per_second")
"""What a record of measurements says of where it was made."""

NOT_FINITE = ("NaN", "Infinity", "-Infinity")
"""What stands in a record for a number that JSON does not know."""

Series = list[float]


@click.command("compare")
@click.argument("first", metavar="A", shell_complete=parameters.complete_run)
@click.argument("second", metavar="B", shell_complete=parameters.complete_run)
@click.option("--anyway", is_flag=True, help="Compare evaluations that were not measured alike.")
@parameters.runs
@parameters.as_json
def command(first: str, second: str, anyway: bool, runs: Path, as_json: bool) -> None:
    """Show the runs A and B side by side: what is not the same in their recipes, and their measurements, each with
    its course and its last value.

    A and B may also be two files that 'ganlab evaluate --out' has written. Numbers that were not measured alike are not
    compared, unless you say --anyway.
    """
    files = [is_evaluation(each) for each in (first, second)]
    if any(files):
        if not all(files):
            raise RecipeError(
                f"'{second if files[0] else first}' is no evaluation; compare two runs, or two evaluations"
            )
        compare_evaluations(Path(first), Path(second), anyway=anyway, as_json=as_json)
        return
    from ganlab.recipe import read_toml

    directories = [RunDirectory.find(each, runs) for each in (first, second)]
    recipes = [read_toml(each.path / "recipe.toml") for each in directories]
    summaries = [summary(each) for each in directories]
    courses = [course(each) for each in directories]
    names = list(dict.fromkeys(name for each in courses for name in each))
    changes = differing(*recipes)
    if as_json:
        say_json(
            {
                "runs": summaries,
                "recipe": {key: list(values) for key, values in changes.items()},
                "measurements": {
                    name: [
                        {"final": series[-1] if series else None, "series": series}
                        for series in (each.get(name, []) for each in courses)
                    ]
                    for name in names
                },
            }
        )
        return
    heads = [each.name for each in directories]
    told = [
        ("ending", [each["ending"] for each in summaries]),
        ("health", [each["health"] for each in summaries]),
        ("kimg", ["" if each["kimg"] is None else f"{each['kimg']:.1f}" for each in summaries]),
        ("time", ["" if each["seconds"] is None else duration(each["seconds"]) for each in summaries]),
    ]
    say_table(["", *heads], [[name, *values] for name, values in told])
    say()
    if changes:
        say_table(["recipe", *heads], [[key, *map(written, values)] for key, values in changes.items()])
    else:
        say("the recipes are the same")
    if names:
        say()
        say_table(["measurement", *heads], [[name, *drawn([each.get(name, []) for each in courses])] for name in names])


def is_evaluation(name: str) -> bool:
    """True for a file, which no run is."""
    return name.endswith(".json") or Path(name).is_file()


def compare_evaluations(first: Path, second: Path, *, anyway: bool, as_json: bool) -> None:
    """Numbers that both have, side by side. Raises `RecipeError` if they were not measured alike."""
    from ganlab.assemble.protocol import Evaluation, differences

    one, other = (Evaluation.read(each) for each in (first, second))
    pairs = {
        name: (value, other.measurements[name])
        for name, value in one.measurements.items()
        if name in other.measurements
    }
    if not pairs:
        raise RecipeError(f"{first} and {second} have no measurement in common; evaluate both with the same --metric")
    unlike = differences(one, other)
    if unlike and not anyway:
        last = (
            f"{first} and {second} were not measured alike, so nothing is ranked; evaluate one again, or say --anyway"
        )
        raise RecipeError("\n".join([*unlike, last]))
    if as_json:
        measurements = {
            name: {"values": list(values), "difference": values[1] - values[0]} for name, values in pairs.items()
        }
        say_json({"measurements": measurements, "not_alike": unlike})
        return
    say_table(
        ["measurement", first.stem, second.stem, "difference"],
        [[name, f"{a:.4g}", f"{b:.4g}", f"{b - a:+.4g}"] for name, (a, b) in pairs.items()],
        flexible=[0],
    )
    for line in unlike:
        say(f"not alike: {line}")


def course(directory: RunDirectory) -> dict[str, Series]:
    """Every measurement of the run, from first to last."""
    found: dict[str, Series] = {}
    for record in directory.measurements():
        for name, value in record.items():
            if name not in PLACE and (isinstance(value, float) or is_number(value) or value in NOT_FINITE):
                found.setdefault(name, []).append(float(value))
    return found


def drawn(courses: Sequence[Series]) -> list[str]:
    """Each course of one measurement and its last value, on a scale that all share."""
    lines = [stretched(series) for series in courses]
    finite = [height for line in lines for height in line if math.isfinite(height)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    return [
        f"{''.join(block(height, low, high) for height in line).ljust(WIDTH)} {number(series[-1])}" if series else "-"
        for line, series in zip(lines, courses, strict=True)
    ]


def stretched(series: Sequence[float], width: int = WIDTH) -> Series:
    """At most `width` numbers: means of stretches of the series."""
    cells = min(width, len(series))
    stretches = [series[len(series) * cell // cells : len(series) * (cell + 1) // cells] for cell in range(cells)]
    return [sum(each) / len(each) for each in stretches]


def block(height: float, low: float, high: float) -> str:
    """The height as one letter."""
    if not math.isfinite(height):
        return HOLE
    if math.isinf(high - low):  # the distance of two very large numbers
        height, low, high = height / 4, low / 4, high / 4
    share = (height - low) / (high - low) if high > low else 0.5
    return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]


def written(value: Any) -> str:
    """A value as a recipe writes it; a dash where it has none."""
    import json

    return "-" if value is None else json.dumps(value, ensure_ascii=False)
