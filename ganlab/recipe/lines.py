"""In which line of its file a key stands, so that who wrote it need not search. Python's TOML reader does not tell.

Told is the line of the longest part of a dotted path that the file spells out: of `terms.r1.weight` in an inline table,
the line of `terms`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ganlab.errors import PluginError, RecipeError

WORD = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
PATH = rf"{WORD}(?:\s*\.\s*{WORD})*"
HEADER = re.compile(rf"\s*(\[\[?)\s*({PATH})\s*\]\]?\s*(?:#.*)?")
ENTRY = re.compile(rf"\s*({PATH})\s*=\s*(.*)")
NAMED = re.compile(r"""(?:name|label)\s*=\s*["']([\w-]+)["']""")

Names = list[set[str]]
"""A path: of each part all that it may be called, an item of a list by its number, name and label."""


@contextmanager
def told_with_lines(file: Path, settings: Sequence[str] = ()) -> Iterator[None]:
    """Inside, what is raised against a recipe says after each problem in which line of `file` its key stands; not of
    keys that `settings` have changed."""
    try:
        yield
    except (RecipeError, PluginError) as error:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            raise error from None
        # In an environment without UTF-8 letters arrive as lone bytes; the problems have them whole.
        whole = [each.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") for each in settings]
        changed = [setting.partition("=")[0].strip() for setting in whole]
        raise type(error)("\n".join(_with_line(each, text, file, changed) for each in str(error).split("\n"))) from None


def line_of(text: str, key: str) -> int | None:
    """The line, from 1, in which the dotted `key` stands, or the innermost of those it lies in, or else the first of
    those that lie in it; None if there are none."""
    parts = key.split(".")
    fitting = [
        (len(names), number)
        for names, number in _places(text)
        if all(part in name for part, name in zip(parts, names, strict=False))
    ]
    around = [each for each in fitting if each[0] <= len(parts)]
    if around:
        innermost = max(length for length, _ in around)
        return next(number for length, number in around if length == innermost)
    return fitting[0][1] if fitting else None


def _with_line(problem: str, text: str, file: Path, changed: Sequence[str]) -> str:
    key = problem.partition(": ")[0]
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", key) or any(
        key.startswith(each) or each.startswith(key) for each in changed
    ):
        return problem
    number = line_of(text, key)
    return problem if number is None else f"{problem} ({file}, line {number})"


def _places(text: str) -> list[tuple[Names, int]]:
    """Every key and table that the text spells out, with its line."""
    found: list[tuple[Names, int]] = []
    table: Names = []
    lists: dict[str, int] = {}
    closing = ""
    for number, line in enumerate(text.split("\n"), 1):
        if closing:  # inside a text of several lines
            closing = "" if closing in line else closing
        elif header := HEADER.fullmatch(line):
            table = _names(header[2])
            if header[1] == "[[":
                lists[header[2]] = lists.get(header[2], -1) + 1
                table.append({str(lists[header[2]])})
            found.append((list(table), number))
        elif entry := ENTRY.match(line):
            found.append(([*table, *_names(entry[1])], number))
            if table and (named := NAMED.fullmatch(line.strip())):
                table[-1].add(named[1])
            closing = next((each for each in ('"""', "'''") if entry[2].count(each) == 1), "")
    return found


def _names(path: str) -> Names:
    return [{part.strip().strip("\"'")} for part in re.findall(WORD, path)]
