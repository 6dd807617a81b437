"""`ganlab tune report`: a study as one page."""

from __future__ import annotations

from pathlib import Path

import click

from ganlab.cli import parameters
from ganlab.cli.output import say, say_json
from ganlab.cli.tune import out_option, storage_option
from ganlab.errors import RecipeError

NAME = "report.html"


@click.command("report")
@click.argument("study")
@out_option
@storage_option
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Where to.  [default: report.html in the study's directory]",
)
@parameters.as_json
def command(study: str, out: Path, storage: str | None, export: Path | None, as_json: bool) -> int:
    """Write STUDY as one HTML page that needs no other file and no network.

    What was asked, the best setting beside the recipe as it is, every trial, what decides the score, and the time that
    was saved.
    """
    from ganlab.cli.tune_told import found, standing, written
    from ganlab.tune.importance import importance
    from ganlab.tune.report.comparison import gain
    from ganlab.tune.report.page import page

    if export is not None and export.suffix != ".html":
        raise RecipeError(f"--export {export}: is a page; give a name that ends in .html")
    opened, plan, home = found(study, out, storage)
    now = standing(opened, plan)
    found_importance = importance(now.rows)
    path = export or home.path / NAME
    written(page(now, found_importance).encode("utf-8", "backslashreplace"), path)
    if as_json:
        told = now.told() | {"report": str(path), "gain": gain(now.baseline, now.best)}
        say_json(told | {"importance": found_importance.shares, "caution": found_importance.caution})
    else:
        say(str(path))
    return 0
