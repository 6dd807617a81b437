"""What a factory's signature says: the options a recipe may give it, and the types they are checked against."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Mapping
from typing import Any, cast

KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def options_of(factory: Any) -> tuple[dict[str, tuple[Any, Any]], bool]:
    """Type and default of each parameter that can be given by keyword, `...` where it has no default; and whether any
    other keyword is taken too.

    Raises `NameError`, `TypeError`, `ValueError` or `SyntaxError` if that cannot be read.
    """
    parameters = inspect.signature(factory).parameters
    options = {name: each for name, each in parameters.items() if each.kind in KEYWORDS}
    types = _annotations(factory, options)
    found = {
        name: (types.get(name, Any), ... if each.default is each.empty else each.default)
        for name, each in options.items()
    }
    return found, any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())


def _annotations(factory: Any, parameters: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    """Types of the options alone: what ganlab hands in may carry names that exist for type checkers only."""

    def holder() -> None: ...

    holder.__annotations__ = {
        name: each.annotation for name, each in parameters.items() if each.annotation is not each.empty
    }
    return typing.get_type_hints(holder, globalns=_globals(factory), include_extras=True)


def _globals(factory: Any) -> dict[str, Any]:
    """The names of the module in which the factory's parameters were written down."""
    while isinstance(factory, functools.partial):
        factory = factory.func
    written = inspect.unwrap(getattr(factory, "__init__") if isinstance(factory, type) else factory)  # noqa: B009
    module = sys.modules.get(getattr(factory, "__module__", None) or "")
    return cast("dict[str, Any]", getattr(written, "__globals__", None) or vars(module or typing))
