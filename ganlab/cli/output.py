"""How results are printed: plain lines and columns on stdout, or one JSON object."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ganlab.cli.words import printable
from ganlab.records import json_line

GAP = "  "
LEAST = 8
"""So wide is a column at least that is cut."""


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


def say_wrapped(text: str) -> None:
    """Print a sentence: one line, and on a terminal as many as it takes, broken between words."""
    room = columns()
    lines = [text] if room is None else textwrap.wrap(text, room, subsequent_indent=GAP, break_on_hyphens=False)
    for line in lines:
        say(line)


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: Sequence[int] = (-1,)) -> None:
    """Print columns under their heads. On a terminal too narrow for them, the first of the columns `flexible` is cut;
    where that is not enough it is left out, and the next is cut."""
    lines = [[printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    room = columns()
    excess = 0 if room is None else sum(widths) + len(GAP) * (len(widths) - 1) - room
    first, *others = flexible
    if excess > widths[first] - LEAST and others:
        left = [[cell for place, cell in enumerate(row) if place != first] for row in (heads, *rows)]
        say_table(left[0], left[1:], flexible=[each - (each > first) for each in others])
        return
    if excess > 0:
        widths[first] = max(LEAST, widths[first] - excess)
    for line in lines:
        cells = [cut(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True)]
        say(GAP.join(cells).rstrip())


def columns() -> int | None:
    """How many letters fit into a line of the terminal; None if there is none."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None


def cut(text: str, width: int) -> str:
    """At most `width` letters, the last an ellipsis if some are missing."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
