"""Options and arguments that several commands have, and what a shell may complete them to."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ganlab.assemble.run_directory import list_runs

RUNS = Path("runs")
"""Where runs live unless told."""


def complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of runs."""
    runs = context.params.get("runs") or RUNS
    return [each.name for each in list_runs(Path(runs)) if each.name.startswith(incomplete)]


def complete_recipe(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of built-in recipes, and recipe files."""
    from ganlab.plugins import Plugins

    names = Plugins().names("recipes", third_party=False)
    files = [str(path) for path in Path().glob(f"{incomplete}*") if path.suffix == ".toml"]
    return [name for name in names if name.startswith(incomplete)] + sorted(files)


def device_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The name of a device; whether there is one is known when torch is."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", value):
        raise click.BadParameter(f"'{value}' is no device; expected auto, cpu, cuda or cuda:N")
    return value


run = click.argument("run", metavar="RUN", shell_complete=complete_run)

runs = click.option(
    "--runs",
    type=click.Path(path_type=Path, readable=False),
    default=RUNS,
    show_default=True,
    help="Where runs live.",
    metavar="DIR",
)

settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one thing of the recipe, such as players.generator.optimizer.lr=1e-3; may be given again.",
)

device = click.option(
    "--device",
    default="auto",
    callback=device_name,
    metavar="D",
    help="auto (a GPU if there is one), cpu, cuda, cuda:N.",
)


def is_healthy(context: click.Context, parameter: click.Parameter, value: str) -> bool:
    """True if the checkpoint is to be from before a trouble."""
    return value == "healthy"


healthy = click.option(
    "--from",
    "healthy",
    type=click.Choice(["newest", "healthy"]),
    default="newest",
    callback=is_healthy,
    help="The newest checkpoint, or the newest from before a critical finding that stands.",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
