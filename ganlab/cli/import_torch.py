"""`ganlab import-torch`: weights that others have saved with torch, as a file that cannot do anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganlab.cli import parameters
from ganlab.cli.output import say, say_json, say_table
from ganlab.cli.places import new_place
from ganlab.cli.playing import log, warnings_shown
from ganlab.cli.words import printable, size
from ganlab.errors import RecipeError

if TYPE_CHECKING:
    from ganlab.foreign.reader import Imported

LETTERS = {"U": "uint", "I": "int", "F": "float", "BF": "bfloat"}
SHOWN = 10


@click.command("import-torch")
@click.argument("file", metavar="FILE.pt", type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, metavar="FILE.safetensors", help="Where the weights go; nothing is overwritten.")
@click.option("--key", default="", metavar="A.B", help="Take only what is at this key, such as g_ema or state_dict.")
@parameters.as_json
def command(file: Path, out: str, key: str, as_json: bool) -> None:
    """Read the tensors in FILE.pt, made by torch.save, and write them as safetensors, by dotted name.

    A .pt file can run code, so it is read by torch's safe loader, in a child process with little memory and time and
    no network. What is no tensor, such as a step count, is left out.
    """
    target = new_place(out)
    if target.suffix != ".safetensors":
        raise RecipeError(f"--out {out}: expected a name that ends in .safetensors")

    from ganlab.foreign.reader import import_weights

    imported = import_weights(file, target, key)
    with warnings_shown():
        if not imported.checked:
            log.warning("%s was saved without checksums: damage in it could not be seen", file.name)
        if imported.not_finite:
            log.warning("numbers that are not finite in %s", some(imported.not_finite))
    if as_json:
        say_json(as_record(imported, out))
        return
    say_table(
        ["name", "kind", "shape"],
        [
            [name, kind(each.kind), " x ".join(map(str, each.shape)) or "one number"]
            for name, each in imported.tensors.items()
        ],
        flexible=[0],
    )
    if imported.left_out:
        say(printable(f"left out: {some(imported.left_out)}"))
    count = sum(each.count for each in imported.tensors.values())
    total = size(target.stat().st_size)
    say(f"{out}: {len(imported.tensors)} tensors, {count:,} numbers, {total}")


def as_record(imported: Imported, out: str) -> dict[str, object]:
    """What was found, as plain data."""
    return {
        "file": out,
        "tensors": {name: {"kind": kind(each.kind), "shape": each.shape} for name, each in imported.tensors.items()},
        "left_out": imported.left_out,
        "not_finite": imported.not_finite,
        "checked": imported.checked,
    }


def kind(name: str) -> str:
    """A kind of number as torch calls it: F32 is float32."""
    letters = name.rstrip("0123456789")
    return LETTERS[letters] + name[len(letters) :] if letters in LETTERS else name.lower().replace("f8", "float8")


def some(names: list[str]) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
