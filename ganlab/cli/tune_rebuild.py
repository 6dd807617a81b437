"""`ganlab tune rebuild`: a study put together again from what its trials left on disk."""

from __future__ import annotations

from pathlib import Path

import click

from ganlab.cli.output import say
from ganlab.cli.tune import out_option


@click.command("rebuild")
@click.argument("study")
@out_option
def command(study: str, out: Path) -> int:
    """Make the SQLite file of STUDY anew from its trials' directories. The former file is kept beside it."""
    from ganlab.cli.tune_told import home_of
    from ganlab.tune.plan import Plan
    from ganlab.tune.rebuild import rebuilt

    home, space = home_of(study, out)
    _, results, kept = rebuilt(home, Plan.read(home.plan_text or "", space))
    say(f"{home.path}: {results} trials found" + (f"; the former file is {kept.name}" if kept else ""))
    return 0
