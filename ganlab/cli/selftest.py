"""`ganlab selftest`: whether the readers of datasets whose truth is known can be believed on this machine."""

from __future__ import annotations

import click

from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.errors import PluginError


@click.command("selftest")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@parameters.as_json
def command(datasets: tuple[str, ...], as_json: bool) -> None:
    """Try the readers behind the diagnostic 'truth', of all datasets that have one or of those named.

    A reader may report a property if real samples score at least 0.9 on it, and at least 0.5 more than the control,
    samples in which that property alone is broken. The baseline is the best of what needs no game: the mean of real
    samples, an average of a few, their patches shuffled. Ends with 5 if a reader fails.
    """
    from ganlab.assemble.calibrations import calibrations, with_truth
    from ganlab.plugins import Plugins

    rows, records, failures = [], [], []
    for entry in with_truth(Plugins(tried=True), datasets):
        for name, found in calibrations(entry, {}):
            rows.append(
                [
                    entry.name,
                    name,
                    *(f"{value:.3f}" for value in vars(found).values()),
                    "passes" if found.passes else "FAILS",
                ],
            )
            records.append({"dataset": entry.name, "property": name, **vars(found), "passes": found.passes})
            if not found.passes:
                failures.append(f"{name} of '{entry.name}': {found.reason}")
    if as_json:
        say_json({"calibrations": records, "problems": failures})
    else:
        say_table(["dataset", "property", "real", "control", "baseline", "reader"], rows, flexible=[1])
    if failures:
        raise PluginError(
            f"{len(failures)} of {len(records)} readers fail: {'; '.join(failures)}; do not trust 'truth'"
        )
    if not as_json:
        say(f"all {len(records)} readers pass")
