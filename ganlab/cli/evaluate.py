"""`ganlab evaluate`: what any generator's samples are worth, in the numbers that runs are watched by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab import disk
from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.cli.places import new_place
from ganlab.cli.playing import plugins_that_warn, warnings_shown
from ganlab.errors import RecipeError

if TYPE_CHECKING:
    from ganlab.assemble.protocol import Evaluation

DIGITS = 8
"""Of a hash, as the text shows it; --json and --out have all."""


@click.command("evaluate")
@click.argument("samples", metavar="RUN|FOLDER|FILE.npz", shell_complete=parameters.complete_run)
@click.option("--against", metavar="DATASET", help="A name, name=digits,size=16, a run, a folder, or a .npz file.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="A diagnostic; may be given again.")
@parameters.settings
@click.option("--count", type=click.IntRange(1, 10**7), metavar="N", help="So many samples of each kind.")
@click.option("--features", metavar="NET", help="Feature network: a name, or name=inception-v3,weights=...,sha256=...")
@click.option(
    "--resize", type=click.IntRange(8, 4096), metavar="N", help="Bring samples and data to N x N pixels first."
)
@click.option("--raw", is_flag=True, help="Of a run: the weights themselves, not their moving average.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Of a run: other latents than its own.")
@click.option(
    "--out", metavar="FILE.json", help="Write the numbers and how they were measured; nothing is overwritten."
)
@parameters.runs
@parameters.device
@parameters.as_json
def command(
    samples: str,
    against: str | None,
    metrics: tuple[str, ...],
    settings: tuple[str, ...],
    count: int | None,
    features: str | None,
    resize: int | None,
    raw: bool,
    seed: int | None,
    out: str | None,
    runs: Path,
    device: str,
    as_json: bool,
) -> None:
    """Measure samples beside real data: those of a RUN at its newest checkpoint, or pictures in a FOLDER, or an .npz.

    Without --metric, what the run's recipe watches, or else coverage; 'ganlab plugins list diagnostics' shows all. A
    run is measured against its own data unless told otherwise. --set METRIC.OPTION=VALUE changes a metric, --set
    samples.OPTION=VALUE and --set against.OPTION=VALUE how files are read. 'ganlab compare A.json B.json' ranks two
    that --out has written, if they were measured alike.
    """
    target = None if out is None else new_place(out)
    if target is not None and target.suffix != ".json":
        raise RecipeError(f"--out {out}: an evaluation is a .json; call it FILE.json")
    from ganlab.assemble.evaluation_plan import plan

    with warnings_shown():
        plugins = plugins_that_warn()
        asked = plan(samples, against, metrics, settings, count=count, features=features, runs=runs, plugins=plugins)
        if asked.samples.generator is None and (raw or seed is not None):
            raise RecipeError(f"--{'raw' if raw else 'seed'}: '{samples}' is no run; leave it out")

        from ganlab.assemble.evaluation import evaluate
        from ganlab.engine.device import find_device

        found = evaluate(asked, plugins, find_device(device), raw=raw, seed=seed, size=resize)
    text = json.dumps(plain(found.record), indent=1, ensure_ascii=False)
    if target is not None:
        disk.publish(text.encode(), target)
    if as_json:
        say_json(found.record)
        return
    told(found)
    if target is not None:
        say()
        say(f"{out}: written")


def told(found: Evaluation) -> None:
    """The numbers, and below them how they were measured."""
    say_table(
        ["measurement", "value"], [[name, f"{value:.4g}"] for name, value in found.measurements.items()], flexible=[0]
    )
    say()
    for name, text in lines(found.record):
        say(f"{name:<10}{text}")


def lines(record: Any) -> list[tuple[str, str]]:
    """The record in short lines."""
    samples, protocol = record["samples"], record["protocol"]
    whose = samples["source"]
    if "run" in samples:
        whose += f", {samples['weights']} weights at {samples['kimg']:g} kimg, seed {samples['seed']}"
    found = [("samples", f"{whose} (SHA-256 {samples['sha256'][:DIGITS]})")]
    for name, dataset in protocol["data"]["dataset"].items():
        fingerprint = protocol["data"]["fingerprint"][name]
        found.append(("data", f"{dataset['name']} (fingerprint {fingerprint[:DIGITS]})"))
    shown: dict[str, list[str]] = {}
    for name, metric in protocol["metrics"].items():
        parts = [f"{rows} {part}" for part, rows in metric["real"].items()]
        parts += [f"{rows} generated" for rows in sorted(set(metric["generated"].values()))]
        shown.setdefault(", ".join(parts) or "nothing", []).append(name)
    found += [("counts", f"{counts} ({', '.join(names)})") for counts, names in shown.items()]
    spaces = {name: each for metric in protocol["metrics"].values() for name, each in metric["features"].items()}
    for name, each in spaces.items():
        digest = f" (SHA-256 {each['fingerprint'][:DIGITS]})" if each["fingerprint"] else ""
        found.append(("features", f"{name}{digest}, resize: {each['resize']}"))
    found.append(("resize", protocol["resize"]))
    found.append(("ganlab", protocol["ganlab"]))
    return found


def plain(value: Any) -> Any:
    """As JSON takes it: numbers that are not finite are strings."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value
