"""`ganlab sample`: what a run's generator makes, as a sheet, a film, arrays or files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.assemble.export_directory import find_generator
from ganlab.cli import parameters
from ganlab.cli.export import check
from ganlab.cli.output import say
from ganlab.cli.sample_files import Form, NewPath, arrays, film, read_arrays, separate, sheet

if TYPE_CHECKING:
    from ganlab.assemble.generator import LoadedGenerator

SAMPLES = 64
STOPS = 8
"""How many samples, and how many stops of a journey, unless told."""

STEPS = {Form.SHEET: 10, Form.FILM: 16, Form.ARRAYS: 16, Form.FILES: 16}
"""Samples on the way from one stop to the next."""


@click.command("sample")
@parameters.run
@click.option("--out", required=True, metavar="FILE", help="FILE.png, FILE.npz, FILE.gif or DIR/: the ending decides.")
@click.option("--count", type=click.IntRange(1, 10**7), metavar="N", help=f"How many; {SAMPLES} if left out.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, metavar="N", help="Other seed, other samples.")
@click.option("--class", "label", metavar="K", help="Of this class, by number or name; of all in turn if left out.")
@click.option(
    "--given",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.npz",
    help="Conditions of your own, such as the pictures to be translated, as arrays by name.",
)
@click.option("--interpolate", is_flag=True, help=f"On the way between N samples ({STOPS} if left out), in a circle.")
@parameters.healthy
@parameters.runs
@parameters.device
def command(
    run: str,
    out: str,
    count: int | None,
    seed: int,
    label: str | None,
    given: Path | None,
    interpolate: bool,
    healthy: bool,
    runs: Path,
    device: str,
) -> None:
    """Make samples with RUN's generator, its moving average if it has one, at the newest checkpoint.

    RUN may also be a directory that 'ganlab export' wrote. Nothing else is needed. A .png is a sheet; a .npz holds
    `samples`, float32 in [-1, 1] (points: in the data's units), shape (N, ...); a .gif is a film; DIR/ gets one PNG per
    sample. Nothing is overwritten.
    """
    target = NewPath.parse(out)
    source = find_generator(run, runs)
    check(source)
    rows = {} if given is None else read_arrays(given)

    from ganlab.assemble.generator import load_generator
    from ganlab.assemble.sampling import conditions, journey, samples
    from ganlab.cli.playing import log, plugins_that_warn, warnings_shown
    from ganlab.engine.device import find_device

    place = find_device(device)
    with warnings_shown():
        generator = load_generator(source, plugins_that_warn(), place, healthy=healthy)
        for note in generator.notes:
            log.warning("%s", note)
    batch = conditions(generator.task, count, rows, label, default=STOPS if interpolate else SAMPLES)
    steps = 0
    if interpolate:
        steps = STEPS[target.form]
        made = iter([journey(generator, batch, steps, seed, place, arrive=target.form is Form.SHEET)])
    else:
        made = samples(generator, batch, seed, place)
    total = write(target, generator, made, steps)
    kimg = generator.progress.kimg
    say(f"{out}: {total} samples of run '{generator.run}' at {kimg:g} kimg, seed {seed}")


def write(target: NewPath, generator: LoadedGenerator, made: Any, steps: int) -> int:
    """Write the samples in the form that was asked for; how many there were."""
    task = generator.task
    if target.form is Form.ARRAYS:
        return arrays(target, task, made)
    if target.form is Form.FILES:
        return separate(target, task, made)
    if target.form is Form.FILM:
        return film(target, task, made, moving=bool(steps))
    return sheet(target, task, made, steps)
