"""Fields in the form in which `fields.json` holds them, so that sampling does not need the data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ganlab.values import Field, Fields


def plain_fields(fields: Fields) -> dict[str, Any]:
    """Fields by name, as JSON knows them."""
    return {
        name: asdict(each) if isinstance(each, Field) else {"fields": plain_fields(each)}
        for name, each in fields.items()
    }


def read_fields(plain: Any) -> Fields:
    """Fields by name from their plain form. Raises `ValueError`, `TypeError`, `KeyError` or `AttributeError`."""
    return {_text(name): _field(each) for name, each in plain.items()}


def _field(plain: Any) -> Any:
    if "fields" in plain:
        return read_fields(plain["fields"])
    cardinality = plain["cardinality"]
    return Field(
        _text(plain["kind"]),
        tuple(_size(each) for each in plain["shape"]),
        None if cardinality is None else _size(cardinality),
        tuple(_text(each) for each in plain["names"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, not {type(value).__name__}")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise TypeError(f"expected a size, not {value!r}")
    return value
