"""`ganlab sample`: what a run's generator makes, as a sheet, a film, arrays or files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganlab.assemble.export_directory import find_generator
from ganlab.cli import parameters
from ganlab.cli.export import check
from ganlab.cli.given_files import named, translate
from ganlab.cli.output import say
from ganlab.cli.playing import log, plugins_that_warn, warnings_shown
from ganlab.cli.sample_files import Form, NewPath, arrays, film, read_arrays, separate, sheet
from ganlab.errors import DataError, RecipeError

if TYPE_CHECKING:
    from ganlab.assemble.generator import LoadedGenerator
    from ganlab.plugins import Plugins

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
    metavar="FILE|DIR",
    help="Pictures or clips of your own to make something of; or all conditions as arrays by name, FILE.npz.",
)
@click.option(
    "--tile",
    type=click.IntRange(8, 1 << 14),
    metavar="N",
    help="Make pictures of your own in tiles of N pixels; if left out, large ones in tiles of twice those trained on.",
)
@click.option(
    "--frames", type=click.IntRange(1, 10_000), metavar="N", help="Clips of N frames; as trained if left out."
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
    given: str | None,
    tile: int | None,
    frames: int | None,
    interpolate: bool,
    healthy: bool,
    runs: Path,
    device: str,
) -> None:
    """Make samples with RUN's generator, its moving average if it has one, at the newest checkpoint.

    RUN may also be a directory that 'ganlab export' wrote. Nothing else is needed. A .png is a sheet; a .npz holds
    `samples`, float32 in [-1, 1] (points: in the data's units), shape (N, ...); a .gif is a film; DIR/ gets one PNG (of
    clips: one GIF) per sample. Nothing is overwritten.

    With --given DIR --out DIR/ each picture in it becomes one of the same name. Any size will do if the generator is
    convolutional; other sides than it can halve are mirrored and cut. Where a task has several kinds of picture, say
    which: --given b=DIR.
    """
    plugins = plugins_that_warn()
    target = NewPath.parse(out, plugins)
    source = find_generator(run, runs)
    check(source)
    condition, path = (None, None) if given is None else named(given)
    own = path is not None and path.suffix.lower() != ".npz"
    if own and (interpolate or count is not None):
        raise RecipeError("--given: each file gives one sample; leave --count and --interpolate out, or give FILE.npz")
    if tile is not None and not own:
        raise RecipeError("--tile: is for pictures of your own; add --given FILE|DIR, or leave it out")
    rows = {} if path is None or own else read_arrays(path)

    from ganlab.assemble.generator import load_generator
    from ganlab.assemble.sampling import conditions, journey, samples
    from ganlab.engine.device import find_device

    place = find_device(device)
    with warnings_shown():
        generator = load_generator(source, plugins, place, healthy=healthy, frames=frames)
        for note in generator.notes:
            log.warning("%s", note)
        if path is not None and own:
            from ganlab.assemble.given import Wish

            wish = Wish(label, seed, tile)
            total, problems = translate(generator, plugins, condition, path, target, wish, place)
            say(told(out, total, generator, seed))
            if problems:
                raise DataError("\n".join(problems))
            return
    batch = conditions(generator.task, count, rows, label, default=STOPS if interpolate else SAMPLES)
    steps = 0
    if interpolate:
        steps = STEPS[target.form]
        made = iter([journey(generator, batch, steps, seed, place, arrive=target.form is Form.SHEET)])
    else:
        made = samples(generator, batch, seed, place)
    total = write(target, generator, made, steps, plugins)
    say(told(out, total, generator, seed))


def told(out: str, total: int, generator: LoadedGenerator, seed: int) -> str:
    """What was done, in a line."""
    samples = "1 sample" if total == 1 else f"{total} samples"
    return f"{out}: {samples} of run '{generator.run}' at {generator.progress.kimg:g} kimg, seed {seed}"


def write(target: NewPath, generator: LoadedGenerator, made: Any, steps: int, plugins: Plugins) -> int:
    """Write the samples in the form that was asked for; how many there were."""
    task = generator.task
    if target.form is Form.ARRAYS:
        return arrays(target, task, made)
    if target.form is Form.FILES:
        return separate(target, task, made, plugins)
    if target.form is Form.FILM:
        return film(target, task, made, plugins, moving=bool(steps))
    return sheet(target, task, made, steps)
