"""`ganlab export`: a run's generator by itself, for another machine or another program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from ganlab.assemble.export_directory import ExportDirectory, find_generator
from ganlab.assemble.run_directory import RunDirectory
from ganlab.cli import parameters
from ganlab.cli.output import say
from ganlab.cli.places import new_place
from ganlab.cli.playing import log, plugins_that_warn, warnings_shown
from ganlab.cli.words import printable, size
from ganlab.errors import RecipeError

if TYPE_CHECKING:
    from ganlab.assemble.generator import LoadedGenerator


@click.command("export")
@parameters.run
@click.option("--out", required=True, metavar="DIR|FILE.onnx", help="The ending decides; nothing is overwritten.")
@click.option("--raw", is_flag=True, help="The weights themselves instead of their moving average.")
@parameters.healthy
@parameters.runs
def command(run: str, out: str, raw: bool, healthy: bool, runs: Path) -> None:
    """Write RUN's generator at its newest checkpoint: its moving average if it has one.

    DIR gets the weights as safetensors, with the recipe: `ganlab sample DIR` makes the same samples from it on a
    machine that has neither the run nor its data. FILE.onnx is for other programs: its inputs and outputs are printed,
    and it is run against torch before it is written. RUN may also be such a DIR.
    """
    as_onnx = checked_ending(out)
    target = new_place(out)
    source = find_generator(run, runs)
    check(source)

    import torch

    from ganlab.assemble.generator import load_generator

    if as_onnx:
        from ganlab.assemble.onnx_file import check_installed

        check_installed()
    plugins = plugins_that_warn()
    with warnings_shown():
        generator = load_generator(source, plugins, torch.device("cpu"), raw=raw, healthy=healthy)
        for note in generator.notes:
            log.warning("%s", note)
    what = f"generator of run '{generator.run}' at {generator.progress.kimg:g} kimg, {which(generator)}"
    if as_onnx:
        from ganlab.assemble.onnx_file import export_onnx

        file = export_onnx(generator, target)
        tried = "no onnxruntime to try it" if file.error is None else f"within {file.error:.1g} of torch"
        say(printable(f"{out}: {what}, {size(file.size)}, {tried}"))
        say(printable(f"  {shapes(file.inputs)} -> {shapes(file.outputs)}"))
    else:
        from ganlab.assemble.export import export_generator

        done = export_generator(generator, plugins, target)
        say(printable(f"{out}: {what}, {done.numbers:,} numbers, {size(done.size)}"))
        say(printable(f"  ganlab sample {quote(out)} --out {quote(generator.run)}.png"))


def checked_ending(out: str) -> bool:
    """True for a name that ends in .onnx, False for that of a directory. Raises `RecipeError` for another ending."""
    ending = "" if out.endswith("/") else Path(out).suffix.lower()
    if ending not in ("", ".onnx"):
        raise RecipeError(f"--out {out}: the ending decides what is written; expected DIR/ or FILE.onnx")
    return ending == ".onnx"


def check(source: RunDirectory | ExportDirectory) -> None:
    """Raise `CheckpointError` if there is nothing to be read, before torch is."""
    if isinstance(source, RunDirectory):
        source.check_checkpoint()
    else:
        source.about()


def which(generator: LoadedGenerator) -> str:
    """Which weights these are."""
    return "averaged" if generator.averaged else "not averaged"


def shapes(fields: Mapping[str, tuple[int, ...]]) -> str:
    """Tensors as they are given and made: latent (N, 64), label (N)."""
    return ", ".join(f"{name} ({', '.join(map(str, ('N', *shape)))})" for name, shape in fields.items())
