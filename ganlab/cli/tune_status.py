"""`ganlab tune status`: how far a study is."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ganlab.cli import parameters
from ganlab.cli.output import say_json, say_table, say_wrapped
from ganlab.cli.tune import out_option, storage_option


@click.command("status")
@click.argument("study")
@out_option
@storage_option
@click.option("--follow", is_flag=True, help="Show it anew every few seconds until the study is finished.")
@parameters.as_json
def command(study: str, out: Path, storage: str | None, follow: bool, as_json: bool) -> int:
    """Show every trial of STUDY: what runs, what was given up and why, the best, and the time that was saved."""
    from ganlab.cli.tune_told import HEADS, found, standing, summary, table

    opened, plan, home = found(study, out, storage)
    while True:
        now = standing(opened, plan)
        if as_json:
            say_json(now.told())
        else:
            if follow:
                click.clear()
            say_table(HEADS, table(now, home), flexible=[HEADS.index("settings"), HEADS.index("why")])
            for line in summary(now):
                say_wrapped(line)
        if not follow or not any(row.state in ("running", "waiting") for row in now.every):
            return 0
        time.sleep(2.0)
