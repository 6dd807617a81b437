"""`ganlab data`: what lies in a folder or a file, before anybody trains on it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ganlab.cli import parameters
from ganlab.cli.output import cut, say, say_json
from ganlab.cli.places import new_place
from ganlab.cli.playing import plugins_that_warn, warnings_shown
from ganlab.cli.sample_files import Form, NewPath
from ganlab.cli.words import printable
from ganlab.errors import DataError, RecipeError
from ganlab.interfaces.data_report import DataReport

NAMED = 6
"""How many sizes, classes or groups of copies a line names."""

PREVIEWED = 64

LONGEST = 200
"""Letters of a path that a message shows."""


@click.group("data", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Look at data before training on them."""
    if context.invoked_subcommand is None:
        raise click.UsageError("Say at which data: ganlab data check PATH.", context)


@command.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--preview", metavar="FILE.png", help="Write a sheet of samples; nothing is overwritten.")
@parameters.as_json
def check(path: Path, preview: str | None, as_json: bool) -> None:
    """Read all of PATH, a folder of pictures, a folder of pairs (A and B) or an .npz file, and say what is there: how
    many samples, of which sizes and kinds, copies, what cannot be used and why, and how a recipe names it.

    Ends with 3, and a line for each reason, if 'ganlab run' would refuse it.
    """
    target = None if preview is None else sheet_place(preview)
    if not os.path.lexists(path):
        raise DataError(f"'{cut(str(path), LONGEST)}' does not exist; expected a folder or a file of data")
    with warnings_shown():
        report = plugins_that_warn().check_data(path)
    if report is None:
        raise DataError(
            f"no plugin knows what '{cut(str(path), LONGEST)}' is; expected a folder of pictures, or an .npz file"
        )
    if as_json:
        say_json({"path": str(path), **plain(report)})
    else:
        for line in lines(path, report):
            say(printable(line))
    if target is not None:
        written = write_preview(report, target)
        if not as_json:
            say(printable(written))
    if report.refusals:
        raise DataError("\n".join(map(printable, report.refusals)))


def sheet_place(preview: str) -> NewPath:
    """Where the sheet will be. Raises `RecipeError` or `StorageError` if it cannot be there."""
    if Path(preview).suffix.lower() != Form.SHEET:
        raise RecipeError(f"--preview {preview}: a preview is a .png; call it FILE.png")
    return NewPath(new_place(preview, "--preview"), Form.SHEET)


def write_preview(report: DataReport, target: NewPath) -> str:
    """Draw some samples; what came of it, in a sentence."""
    from ganlab.pictures import draw, png

    picture = report.preview(PREVIEWED) if report.preview is not None and report.samples else None
    pixels = None if picture is None else draw(picture)
    if picture is None or pixels is None:
        return f"{target.path}: not written, for there is no sample that can be drawn"
    with target.file() as file:
        file.write(png(pixels))
    return f"{target.path}: {len(picture.data)} of {report.samples} samples"


def plain(report: DataReport) -> dict[str, Any]:
    """The report as JSON holds it."""
    told = {name: value for name, value in vars(report).items() if name != "preview"}
    return {"usable": not report.refusals, **told, "recipe": recipe_line(report.dataset)}


def lines(path: Path, report: DataReport) -> Iterator[str]:
    """The report, for a person."""
    yield f"{path}: {report.kind}"
    kept = f", {report.held_out} of them held out from training" if report.held_out else ""
    rows = {
        "samples": f"{report.samples}{kept}",
        "sizes": counted(report.sizes),
        "channels": counted(report.channels),
        "read as": counted(report.conversions),
        "classes": counted(report.classes),
        "copies": copies(report),
        "passed over": counted(report.passed_over),
    }
    for name, text in rows.items():
        if text:
            yield f"  {name:<12}{text}"
    for reason, names in report.problems.items():
        yield f"  {'unusable':<12}{len(names)} {reason}: {named(names)}"
    for note in report.notes:
        yield f"  {'note':<12}{note}"
    yield recipe_line(report.dataset)


def counted(counts: Mapping[str, int]) -> str:
    """`64 x 64 (1200), 32 x 64 (3) and 5 more`"""
    rest = f" and {len(counts) - NAMED} more" if len(counts) > NAMED else ""
    return ", ".join(f"{name} ({count})" for name, count in list(counts.items())[:NAMED]) + rest


def copies(report: DataReport) -> str:
    """How many samples are copies of others, and the first groups of them."""
    extra = sum(len(names) - 1 for names in report.duplicates)
    groups = "; ".join(" = ".join(names[:NAMED]) for names in report.duplicates[: NAMED // 2])
    rest = f" and {len(report.duplicates) - NAMED // 2} more groups" if len(report.duplicates) > NAMED // 2 else ""
    return f"{extra}: {groups}{rest}" if extra else ""


def named(names: Sequence[str]) -> str:
    """The first few."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def recipe_line(dataset: Mapping[str, Any]) -> str:
    """`dataset = { name = "image-folder", path = "photos" }`, as a recipe takes it."""
    if any("\ud800" <= letter <= "\udfff" for value in dataset.values() for letter in str(value)):
        return "no recipe can name a path that is not UTF-8; rename it"
    # JSON writes text, numbers, truth values and lists as TOML does.
    return f"dataset = {{ {', '.join(f'{name} = {json.dumps(value)}' for name, value in dataset.items())} }}"
