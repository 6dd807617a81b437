"""What is wrong with a recipe, in lines a person can act on.

pydantic finds every problem at once and says where it is in its own terms. Here each becomes one line: the dotted
path as `--set` takes it, what was expected, what was found, and the nearest thing that exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from ganlab.errors import nearest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

LONGEST_VALUE = 60
MOST_PROBLEMS = 100
"""So many a person may read; a file that is no recipe at all has one in each line."""

WORDS = (
    ("Value error, ", ""),
    ("Assertion failed, ", ""),
    ("Input should be", "must be"),
    ("valid dictionary", "table"),
    ("an object", "a table"),
    ("valid array", "list"),
    ("valid tuple", "list"),
    ("valid list", "list"),
    ("a valid boolean", "true or false"),
)


def explain(error: ValidationError, model: type[BaseModel], where: str = "", beside: Iterable[str] = ()) -> list[str]:
    """One line per problem, `where.key: what is wrong`, for `model`, which raised `error`.

    `where` is the dotted path of the part of the recipe that was validated, or empty for the whole; `beside` are keys
    that may stand there too, though `model` does not know them.
    """
    details = error.errors(include_url=False, include_context=True)
    problems = [(*_place(model, detail["loc"]), detail) for detail in details[:MOST_PROBLEMS]]
    paths = [path for path, *_ in problems]
    judged = {path for path, _, _, detail in problems if detail["type"] == "value_error"}
    lines: dict[str, list[str]] = {}
    for path, known, in_union, detail in problems:
        if in_union and any(other[: len(path)] == path and len(other) > len(path) for other in paths):
            continue  # another branch of the union fits better: its problems lie deeper
        if in_union and path in judged and detail["type"] != "value_error":
            continue  # another branch fits but for what its parts say together
        place = ".".join(part for part in (where, dotted(path)) if part)
        sentences = lines.setdefault(place, [])
        sentence = _sentence(detail, known, beside if len(path) == 1 else ())
        if sentence not in sentences:
            sentences.append(sentence)
    told = [f"{place}: {_joined(sentences)}" if place else _joined(sentences) for place, sentences in lines.items()]
    return told if len(details) <= MOST_PROBLEMS else [*told, f"and {len(details) - MOST_PROBLEMS} more problems"]


def dotted(path: Sequence[str]) -> str:
    """The path as `--set` takes it; a key that is no plain word stands in quotes, a long one is cut."""
    return ".".join(short(part) if re.fullmatch(r"[\w-]+", part) else shown(part) for part in path)


def shown(value: Any) -> str:
    """`value` as it stands in a recipe, cut to one short line."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value).__name__)
    return short(text)


def short(text: str, most: int = LONGEST_VALUE) -> str:
    """At most so many letters of it."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _sentence(detail: ErrorDetails, known: tuple[str, ...], beside: Iterable[str]) -> str:
    kind, value, message = detail["type"], detail["input"], detail["msg"]
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    if kind == "extra_forbidden":
        # What belongs to where it stands is suggested for slips alone: the options are what is looked for here.
        close = [each for each in beside if sorted(each) == sorted(name)] or get_close_matches(name, beside, 1, 0.7)
        return f"unknown option.{nearest(name, close or known)} Known: {', '.join(known) or 'none'}"
    if kind == "missing":
        others = [key for key in value if key not in known] if isinstance(value, Mapping) else []
        misspelt = [f". Did you mean it by {dotted([key])}?" for key in get_close_matches(name, others, 1)]
        return f"is missing, and has no default{''.join(misspelt)}"
    for pydantic_says, we_say in WORDS:
        message = message.replace(pydantic_says, we_say)
    if kind in ("value_error", "assertion_error", "json_invalid"):
        return message
    hint = ""
    if kind in ("literal_error", "enum") and isinstance(value, str):
        hint = nearest(value, re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected", ""))))
    return f"{message}, not {shown(value)}.{hint}" if hint else f"{message}, not {shown(value)}"


def _joined(sentences: list[str]) -> str:
    """The sentences of a union's branches as one: "must be a number or a table, not 3"."""
    if len(sentences) == 1:
        return sentences[0]
    endings = {sentence.rpartition(", not ")[2] for sentence in sentences}
    if len(endings) != 1 or not all(sentence.startswith("must be ") for sentence in sentences):
        return "; ".join(sentences)
    wanted = [sentence.rpartition(", not ")[0].removeprefix("must be ") for sentence in sentences]
    return f"must be {' or '.join(wanted)}, not {endings.pop()}"


def _place(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """The path a person knows of pydantic's `location`, what else is known there, and whether it passed a union.

    pydantic puts the tag of a union's branch into the location; a walk along the types tells tags from keys.
    """
    path: list[str] = []
    known: tuple[str, ...] = ()
    in_union = False
    here: Any = model
    for part in location:
        branches = tuple(_branches(here))
        if len(branches) > 1:
            in_union = True
            named = re.findall(r"\w+", str(part))  # Ramp, or function-after[check(), Ramp]
            here = next((each for each in branches if getattr(each, "__name__", None) in named), branches[0])
            continue
        here = branches[0] if branches else Any
        if part == "[key]":
            break
        path.append(str(part))
        known = tuple(_fields(here))
        here = _inside(here, part)
    return tuple(path), known, in_union or len(tuple(_branches(here))) > 1


def _branches(annotation: Any) -> Iterator[Any]:
    """The types a value may have, `None` left out."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _branches(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _branches(each)
    elif annotation is not NoneType:
        yield annotation


def _fields(annotation: Any) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(annotation, "model_fields", {})
    return fields


def _inside(annotation: Any, part: int | str) -> Any:
    """The type of what `part` leads to."""
    fields = _fields(annotation)
    if fields:
        return fields[str(part)].annotation if part in fields else Any
    arguments = [each for each in get_args(annotation) if each is not Ellipsis]
    if not arguments:
        return Any
    if get_origin(annotation) is tuple and isinstance(part, int) and part < len(arguments):
        return arguments[part]
    return arguments[-1]
