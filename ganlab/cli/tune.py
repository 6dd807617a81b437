"""`ganlab tune`: searches for settings that are good and stay good over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.cli import parameters
from ganlab.cli.later import Commands, Later
from ganlab.cli.playing import plugins_that_warn, warnings_shown
from ganlab.errors import RecipeError

if TYPE_CHECKING:
    from ganlab.plugins import Plugins
    from ganlab.tune.plan import Plan

PLACE = Path("tune")
"""Where studies live unless told."""

COMMANDS = (
    Later("worker", "ganlab.cli.tune_worker", "Join a study, on this machine or another."),
    Later("status", "ganlab.cli.tune_status", "Say how far a study is, and what it has found."),
    Later("best", "ganlab.cli.tune_best", "Show the best setting, or write it as a recipe."),
    Later("retry", "ganlab.cli.tune_retry", "Let trials that failed be played once more."),
    Later("rebuild", "ganlab.cli.tune_rebuild", "Put a study together again whose file is damaged."),
    Later("report", "ganlab.cli.tune_report", "Write a study as one HTML page."),
)


class Tune(Commands):
    """`ganlab tune STUDY` begins or goes on with a study; the names of its commands are no studies."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is no command is what `begin` is to be told."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["begin", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """`begin` is never typed."""
        return [name for name in super().list_commands(ctx) if name != "begin"]


out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=PLACE,
    show_default=True,
    metavar="DIR",
    help="Where studies live.",
)

storage_option = click.option(
    "--storage",
    metavar="URL",
    help="The database, such as postgresql+psycopg://user@host/name, or @FILE to read it there; GANLAB_STORAGE if left "
    "out, else a SQLite file in the study's directory.",
)


@click.command("begin")
@click.argument("study", shell_complete=parameters.complete_recipe)
@click.option(
    "--search",
    "searches",
    multiple=True,
    metavar="KEY[=RANGE]",
    help="What may vary: KEY=LOW..HIGH, KEY=log:LOW..HIGH or KEY=A,B,C; KEY alone where its component publishes a "
    "range. May be given again.",
)
@parameters.settings
@click.option(
    "--objective", metavar="MEASUREMENT", help="What is to be small; with a minus before it, large.  [default: mmd]"
)
@click.option(
    "--seeds", type=click.IntRange(1, 1000), metavar="N", help="How many seeds a setting is played with.  [default: 4]"
)
@click.option(
    "--trials",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How many settings are tried in all.  [default: 30]",
)
@click.option(
    "--fresh-seeds",
    type=click.IntRange(0, 1000),
    metavar="N",
    help="With how many more seeds the best setting is played again at the end.  [default: 12]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    metavar="N",
    help="How many are played at once on this machine.",
)
@click.option("--together", is_flag=True, help="Play all seeds but the first at once: small games take little longer.")
@click.option(
    "--launcher",
    type=click.Choice(["local", "submitit"]),
    default="local",
    show_default=True,
    help="'submitit' starts the workers as SLURM jobs (pip install ganlab[slurm]).",
)
@click.option(
    "--job",
    "job",
    multiple=True,
    metavar="KEY=VALUE",
    help="What submitit is told of a job, such as slurm_partition=gpu or timeout_min=600; may be given again.",
)
@click.option("--name", help="What the study is called; the recipe's or the file's name if left out.")
@out_option
@storage_option
@parameters.as_json
def begin(
    study: str,
    searches: tuple[str, ...],
    settings: tuple[str, ...],
    objective: str | None,
    seeds: int | None,
    trials: int | None,
    fresh_seeds: int | None,
    workers: int,
    together: bool,
    launcher: str,
    job: tuple[str, ...],
    name: str | None,
    out: Path,
    storage: str | None,
    as_json: bool,
) -> int:
    """Search around STUDY: a recipe with --search, or a study file (.py).

    Every setting is played with several seeds; what collapses or diverges is ended at once. The recipe as it is comes
    first. After Ctrl-C the same command goes on.
    """
    from ganlab.assemble.run_place import check_name
    from ganlab.tune.home import Home

    plugins = plugins_that_warn()
    if name is not None:
        check_name(name)
    chosen: dict[str, Any] = {"seeds": seeds, "trials": trials, "fresh_seeds": fresh_seeds}
    chosen |= {"name": name, "together": together or None}
    plan = planned(study, searches, settings, plugins, objective=objective, **chosen)
    home = Home(out / plan.name)

    from ganlab.cli.last_line import LastLine
    from ganlab.cli.tune_told import Teller
    from ganlab.tune.address import address
    from ganlab.tune.jobs import Jobs
    from ganlab.tune.lead import Workers, begun, environments

    url = address(storage, home.path)
    home.path.mkdir(parents=True, exist_ok=True)
    with warnings_shown(), home.led(), LastLine() as last:
        optuna_study = begun(plan, home, url)
        teller = Teller(optuna_study, plan, home, last, as_json)
        arguments = ["tune", "worker", str(home.path)]
        if launcher == "submitit":
            status = Jobs(arguments, home.path.absolute() / "jobs", workers, url, job).watch(teller.look)
        else:
            status = Workers(arguments, environments(workers, url)).watch(teller.look)
        if status == 0:
            teller.end()
    return status


def planned(
    study: str,
    searches: tuple[str, ...],
    settings: tuple[str, ...],
    plugins: Plugins,
    *,
    objective: str | None = None,
    **chosen: Any,
) -> Plan:
    """The plan for what was typed; of `chosen`, what is not None replaces what the study says. Raises `RecipeError`,
    `PluginError`."""
    from dataclasses import replace

    from ganlab.cli.run import find_recipe, named
    from ganlab.recipe import override
    from ganlab.tune import design, study_file

    given = {key: value for key, value in chosen.items() if value is not None}
    if not study.endswith(".py"):
        tree = override(find_recipe(study, plugins), settings)
        return replace(design.of_ranges(named(study), study, tree, searches, plugins, objective), **given)
    if searches:
        raise RecipeError("--search: a study file has a space of its own; change it there")
    found = study_file.read(Path(study))
    tree = override(find_recipe(found.constants.RECIPE, plugins), [*found.constants.SETTINGS, *settings])
    return replace(design.of_file(Path(study), found, tree, plugins, objective), **given)


command = Tune(
    "tune",
    [begin, *COMMANDS],
    help="""Search for settings that keep a game stable over seeds.

    ganlab tune ring --search players.point.optimizer.lr --trials 20
    """,
)
