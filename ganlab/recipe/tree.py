"""What a recipe may be before anything is known of it: tables, lists, text, numbers, and not too many of them.

Whatever else can come out of a file or a program (dates, NUL characters, halves of letters, numbers of a thousand
digits, lists that hold themselves) is refused here by its dotted path, so that all that follows may trust the tree.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

from ganlab.errors import RecipeError
from ganlab.validation import MOST_PROBLEMS, dotted

MOST_LEVELS = 32
MOST_VALUES = 10_000
MOST_LETTERS = 1 << 20

LARGEST = 1e30
"""What is computed with must fit into 32 bits, where 3e38 is the last number, and so must its products."""

INTEGERS = range(-(2**63), 2**63)
"""What TOML promises to keep."""


def check_plain(tree: Any, where: str = "") -> None:
    """Raise `RecipeError`, a line for each problem, unless `tree` is made of what TOML and JSON know and of nothing
    else, in at most `MOST_LEVELS` levels and `MOST_VALUES` values. `where` is the dotted path it stands at."""
    problems: list[str] = []
    waiting: list[tuple[Any, tuple[str, ...]]] = [(tree, ())]
    seen = 0

    def say(path: tuple[str, ...], problem: str) -> None:
        place = ".".join(part for part in (where, dotted(path)) if part)
        problems.append(f"{place}: {problem}" if place else problem)

    while waiting and len(problems) < MOST_PROBLEMS:
        value, path = waiting.pop()
        seen += 1
        if seen > MOST_VALUES:
            say((), f"has more than {MOST_VALUES} values; a recipe is a page of text")
            break
        if len(path) > MOST_LEVELS:
            say(path[:3], f"nested too deeply; at most {MOST_LEVELS} levels")
            break
        if isinstance(value, Mapping):
            bad = [key for key in value if not isinstance(key, str) or told_of_text(key)]
            for key in bad:
                say(
                    (*path, key if isinstance(key, str) else f"a {type(key).__name__}"),
                    "is no key; expected plain text",
                )
            waiting += [(each, (*path, key)) for key, each in value.items() if key not in bad]
        elif isinstance(value, list | tuple):
            waiting += [(each, (*path, str(number))) for number, each in enumerate(value)]
        elif problem := told(value):
            say(path, problem)
    if problems:
        raise RecipeError("\n".join(problems[:MOST_PROBLEMS]))


def told(value: Any) -> str:
    """What is wrong with a value that holds no others; empty if nothing is."""
    if isinstance(value, str):
        return told_of_text(value)
    if isinstance(value, int):
        return "" if value in INTEGERS else "must be an integer of at most 64 bits"
    if isinstance(value, float):
        return f"must be a number of at most {LARGEST:g} in size" if LARGEST < abs(value) < math.inf else ""
    if value is None:
        return ""
    if isinstance(value, os.PathLike):
        return told_of_text(os.fsdecode(value))
    return f"must be text, a number, true or false, a list or a table, not a {type(value).__name__}; put it in quotes"


def told_of_text(text: str) -> str:
    """What is wrong with a text."""
    if "\0" in text:
        return "must be text without NUL characters"
    if len(text) > MOST_LETTERS:
        return f"must be text of at most {MOST_LETTERS} letters"
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return "must be Unicode text, and holds half a letter"
    return ""
