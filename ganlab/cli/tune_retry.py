"""`ganlab tune retry`: trials that could not be played get another chance."""

from __future__ import annotations

from pathlib import Path

import click

from ganlab.cli.output import say
from ganlab.cli.tune import out_option, storage_option


@click.command("retry")
@click.argument("study")
@click.argument("trials", nargs=-1, type=click.IntRange(0), metavar="[TRIAL]...")
@out_option
@storage_option
def command(study: str, trials: tuple[int, ...], out: Path, storage: str | None) -> int:
    """Let TRIALs of STUDY, all that failed if none is named, wait to be gone on with where their runs ended.

    'ganlab tune' or 'ganlab tune worker' then plays them.
    """
    from ganlab.cli.tune_told import found
    from ganlab.tune.repair import retried

    opened, _, home = found(study, out, storage)
    numbers = retried(opened, home, trials)
    names = ", ".join(map(str, numbers))
    say(f"trial {names} waits to be played again" if numbers else "no trial has failed")
    return 0
