"""What a recipe may be before anything is known of it: tables, lists, text, numbers, and not too many of them.

Whatever else can come out of a file or a program (dates, NUL characters, halves of letters, numbers of a thousand
digits, lists that hold themselves) is refused here by its dotted path, so that all that follows may trust the tree.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ganlab.errors import RecipeError
from ganlab.validation import MOST_PROBLEMS, dotted

MOST_LEVELS = 32
MOST_VALUES = 10_000
MOST_LETTERS = 1 << 20

INTEGERS = range(-(2**63), 2**63)
"""What TOML promises to keep."""


def check_plain(tree: Any, where: str = "") -> None:
    """Raise `RecipeError`, a line for each problem, unless `tree` is made of what TOML and JSON know and of nothing
    else, in at most `MOST_LEVELS` levels and `MOST_VALUES` values. `where` is the dotted path it stands at."""
    problems: list[str] = []
    waiting: list[tuple[Any, tuple[str, ...]]] = [(tree, (where,) if where else ())]
    seen = 0
    while waiting and len(problems) < MOST_PROBLEMS:
        value, path = waiting.pop()
        seen += 1
        if seen > MOST_VALUES:
            problems.append(f"{where or 'the recipe'}: more than {MOST_VALUES} values; a recipe is a page of text")
            break
        if len(path) > MOST_LEVELS:
            problems.append(f"{dotted(path[:3])}: nested too deeply; at most {MOST_LEVELS} levels")
            break
        if isinstance(value, Mapping):
            bad = [key for key in value if not isinstance(key, str) or told_of_text(key)]
            told_as = [key if isinstance(key, str) else f"a {type(key).__name__}" for key in bad]
            problems += [f"{dotted((*path, key))}: is no key; expected plain text" for key in told_as]
            waiting += [(each, (*path, key)) for key, each in value.items() if key not in bad]
        elif isinstance(value, list | tuple):
            waiting += [(each, (*path, str(number))) for number, each in enumerate(value)]
        elif problem := told(value):
            problems.append(f"{dotted(path)}: {problem}" if path else problem)
    if problems:
        raise RecipeError("\n".join(problems[:MOST_PROBLEMS]))


def told(value: Any) -> str:
    """What is wrong with a value that holds no others; empty if nothing is."""
    if isinstance(value, str):
        return told_of_text(value)
    if isinstance(value, int):
        return "" if value in INTEGERS else "must be an integer of at most 64 bits"
    if value is None or isinstance(value, float):
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
