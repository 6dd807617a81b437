"""`ganlab diagnose`: how a run was, whoever played it; what it fell sick of, when, and what to do."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganlab.assemble.run_directory import RunDirectory, is_run, list_runs
from ganlab.assemble.run_place import is_name
from ganlab.cli import parameters
from ganlab.cli.output import cut, say, say_json
from ganlab.cli.playing import plugins_that_warn, warnings_shown
from ganlab.errors import DataError, DivergedError, nearest
from ganlab.interfaces.foreign_run import ReadOptions

if TYPE_CHECKING:
    from ganlab.recipe import Component

LONGEST = 200
"""Letters of a path that a message shows."""


def named_monitors(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> list[Component]:
    """Each as a recipe would name it: `lost-coverage` or `lost-coverage={ratio = 0.5}`."""
    from ganlab.recipe import Component

    found = []
    for each in value:
        name, equals, written = each.partition("=")
        try:
            options = tomllib.loads(f"options = {written}")["options"] if equals else {}
        except (ValueError, RecursionError):
            options = None
        if not isinstance(options, dict) or not name or "name" in options:
            raise click.BadParameter(
                f"{cut(each, LONGEST)!r} is no monitor; expected a name, or a name with its options, such as "
                "'lost-coverage={ratio = 0.5}'"
            )
        found.append(Component(name=name, **options))
    return found


def mapping(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    """Tags of the log by the names of measurements."""
    pairs = [each.partition("=") for each in value]
    for name, equals, tag in pairs:
        if not (name and equals and tag and name.isprintable() and len(name) <= LONGEST):
            raise click.BadParameter(f"{cut(name, LONGEST)!r} maps nothing; expected NAME=TAG, such as fid=eval/fid")
    return {name: tag for name, _, tag in pairs}


@click.command("diagnose")
@click.argument("run", metavar="RUN", shell_complete=parameters.complete_run)
@click.option(
    "--monitor",
    "named",
    multiple=True,
    metavar="NAME[=TABLE]",
    callback=named_monitors,
    help="Ask this monitor too, or with other options: lost-coverage={ratio = 0.5}. May be given again.",
)
@click.option("--by", metavar="NAME", help="Judge by this measurement: the best is where it was best.")
@click.option(
    "--map",
    "names",
    multiple=True,
    metavar="NAME=TAG",
    callback=mapping,
    help="The tag of another program's log that is this measurement. May be given again.",
)
@click.option(
    "--kimg-per-step",
    type=click.FloatRange(min=0, max=1e9, min_open=True),
    metavar="K",
    help="How many thousand real samples a step of another program's log shows.",
)
@parameters.runs
@parameters.as_json
def command(
    run: str,
    named: list[Component],
    by: str | None,
    names: dict[str, str],
    kimg_per_step: float | None,
    runs: Path,
    as_json: bool,
) -> int:
    """Say how RUN was: the name of a run or its directory, or the log of another program.

    The monitors of its recipe and all built-in ones judge what was measured. Of others' logs there can be read: any
    folder of TensorBoard events, StyleGAN2-ADA's and StyleGAN3's stats.jsonl and metric-*.jsonl, and StudioGAN's text
    logs.

    Ends with 7 if the run is sick, with 3 if there is nothing to read.
    """
    from ganlab.assemble.diagnosis import diagnosed, diagnosed_foreign
    from ganlab.cli.diagnosis_told import lines, plain

    directory = found_run(run, runs)
    with warnings_shown():
        plugins = plugins_that_warn()
        for each in named:
            plugins.find("monitors", each.name).resolve(each.options, f"--monitor {each.name}")
        if directory is not None:
            diagnosis = diagnosed(directory, plugins, named, by)
        else:
            diagnosis = diagnosed_foreign(Path(run), plugins, ReadOptions(names, kimg_per_step), named, by)
    if as_json:
        say_json(plain(diagnosis, directory))
    else:
        for line in lines(diagnosis, directory):
            say(line)
    return DivergedError.exit_code if diagnosis.sick else 0


def found_run(run: str, runs: Path) -> RunDirectory | None:
    """The run of ours that is meant; None if it is another program's. Raises `RecipeError` for a link among the runs,
    `DataError` if there is nothing."""
    path = Path(run)
    if (is_name(run) and is_run(runs / run)) or is_run(path):
        return RunDirectory.find(run, runs)
    if os.path.isfile(path / "measurements.jsonl"):
        return RunDirectory(path)
    if os.path.lexists(path):
        return None
    known = [each.name for each in list_runs(runs)]
    raise DataError(
        f"there is no run and no log '{cut(run, LONGEST)}'; expected the name of a run in {runs}, or a path."
        f"{nearest(run, known)}"
    )
