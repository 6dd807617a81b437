"""How results are printed: plain lines and columns on stdout, or one JSON object."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ganlab.cli.words import printable
from ganlab.records import json_line

GAP = "  "


def say(text: str = "") -> None:
    """Print lines of results; what could move the cursor, and what the terminal's encoding lacks, is escaped. A reader
    who has gone away (a closed pipe, a terminal that hung up) is no error: the rest goes nowhere."""
    harmless = "\n".join(printable(line, but="\t") for line in text.split("\n"))
    try:
        try:
            click.echo(harmless)
        except UnicodeEncodeError:
            click.echo(harmless.encode("ascii", "backslashreplace").decode("ascii"))
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_json(record: Mapping[str, Any]) -> None:
    """Print one JSON object; numbers that are not finite become strings."""
    say(json_line(record).rstrip("\n"))


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int = -1) -> None:
    """Print columns under their heads. On a terminal too narrow for them, the column `flexible` is cut."""
    lines = [[printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    if sys.stdout is not None and sys.stdout.isatty():
        excess = sum(widths) + len(GAP) * (len(widths) - 1) - shutil.get_terminal_size().columns
        widths[flexible] = max(8, widths[flexible] - max(0, excess))
    for line in lines:
        cells = [cut(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True)]
        say(GAP.join(cells).rstrip())


def cut(text: str, width: int) -> str:
    """At most `width` letters, the last an ellipsis if some are missing."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
