"""`ganlab tune worker`: one more that plays for a study."""

from __future__ import annotations

from pathlib import Path

import click

from ganlab.cli.playing import plugins_that_warn, warnings_shown
from ganlab.cli.tune import out_option, storage_option


@click.command("worker")
@click.argument("study")
@out_option
@storage_option
@click.option(
    "--number", type=click.IntRange(0), default=0, help="Which worker this is: each draws settings of its own."
)
@click.option(
    "--heartbeat",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How often it says that it lives.",
)
@click.option(
    "--grace",
    type=click.IntRange(2),
    default=180,
    show_default=True,
    metavar="SECONDS",
    help="How long another may be silent before it counts as dead.",
)
def command(study: str, out: Path, storage: str | None, number: int, heartbeat: int, grace: int) -> int:
    """Play trials of STUDY until it has enough: a study's directory, its name with --storage, or its file (.py).

    Any number of workers may do so, on as many machines as reach the storage. Each may end or be killed at any time;
    what it played is gone on with.
    """
    from ganlab.cli.tune_told import found
    from ganlab.tune.worker import Pace, work

    with warnings_shown():
        opened, plan, home = found(study, out, storage, heartbeat=heartbeat, grace=grace)
        if home.plan_text is None:
            home.make(plan)
        work(opened, plan, home, plugins_that_warn(), number=number, pace=Pace(heartbeat, grace))
    return 0
