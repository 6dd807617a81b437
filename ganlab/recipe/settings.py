"""Values by dotted key, as `--set` takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ganlab.errors import RecipeError
from ganlab.validation import short


def as_settings(values: Mapping[str, Any]) -> list[str]:
    """`key=value` for each. Raises `RecipeError` for what TOML does not know."""
    return [f"{key}={inline(value, key)}" for key, value in values.items()]


def inline(value: Any, key: str) -> str:
    """The value as TOML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(name))} = {inline(each, key)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(each, key) for each in value) + "]"
    if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
        raise RecipeError(f"{key}: {value} is no value to play with; give a finite one")
    if value is None or not isinstance(value, str | bool | int | float):
        raise RecipeError(
            f"{key}: {short(repr(value))} is no value of a recipe; give text, a number, a list or a table"
        )
    return json.dumps(value)
