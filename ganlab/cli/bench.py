"""`ganlab bench`: what recipes reach where the truth is known, over many seeds and beside a baseline."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from ganlab.cli import parameters
from ganlab.cli.output import say_json, say_table
from ganlab.cli.playing import STATUS, plugins_that_warn, warnings_shown
from ganlab.values import Ending


@click.group("bench")
def command() -> None:
    """Play recipes whose result can be counted, over many seeds and beside a baseline."""


@command.command("modes")
@click.option("--seeds", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N", help="0 to N-1.")
@click.option("--games", default="", metavar="A,B", help="Which games; all if left out.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("bench-modes"),
    show_default=True,
    metavar="DIR",
    help="Where the runs and the results lie.",
)
@parameters.settings
@parameters.device
@parameters.as_json
def modes(seeds: int, games: str, out: Path, settings: tuple[str, ...], device: str, as_json: bool) -> int:
    """Count the modes that generators reach: a ring of 8 Gaussians, a grid of 25, and three digits in three channels,
    1,000 modes, also against discriminators of half and a quarter of the generator's width.

    Each game is played by ganlab's recipe and by a baseline of the literature, once for each seed. The table shows
    means and standard errors. The runs are ordinary runs in DIR/runs, the numbers of each game are in DIR/GAME.json.
    What was played before is not played again: after Ctrl-C, the same command goes on.
    """
    from ganlab.bench.plan import read_plan
    from ganlab.bench.scores import HEADS, rows

    plan = read_plan("modes")
    chosen = plan.chosen([name.strip() for name in games.split(",") if name.strip()])
    plugins = plugins_that_warn()

    from ganlab.bench.results import benchmark

    def tell(line: str) -> None:
        click.echo(line, err=True)

    with nullcontext() if as_json else warnings_shown():
        found, ending = benchmark(plan, chosen, seeds, out, plugins, settings=settings, device=device, tell=tell)
    if as_json:
        say_json({"games": found, "ending": ending.value})
    else:
        say_table(HEADS, [row for game in chosen for row in rows(game, found[game.name]["players"])])
    if ending is not Ending.FINISHED:
        click.echo("ganlab: not all was played; the same command goes on", err=True)
    return STATUS[ending]
