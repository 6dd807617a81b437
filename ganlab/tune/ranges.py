"""The space of a search that is given by ranges: `players.generator.optimizer.lr=log:1e-5..1e-3`, or a key alone,
whose range its component publishes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from ganlab.assemble.resolution import components, find
from ganlab.errors import RecipeError, nearest
from ganlab.recipe import Recipe
from ganlab.recipe.layers import value_of
from ganlab.validation import short
from ganlab.values import Search

if TYPE_CHECKING:
    from optuna.trial import BaseTrial
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from ganlab.plugins import Plugins

HOW = "expected KEY=LOW..HIGH, KEY=log:LOW..HIGH or KEY=A,B,C; or KEY alone, where its component publishes a range"


@dataclass(frozen=True)
class Range:
    """The values one key of the recipe may take: from `low` to `high`, or one of `choices`, which are TOML texts."""

    key: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """True if it holds whole numbers only."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def suggest(self, trial: BaseTrial) -> Any:
        """A value of the range that the trial's sampler chooses."""
        if self.choices:
            return value_of(trial.suggest_categorical(self.key, self.choices))
        if self.whole:
            return trial.suggest_int(self.key, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.key, self.low, self.high, log=self.log)

    def param(self, value: Any) -> Any:
        """The value as the trial keeps it; None if it is outside the range."""
        if self.choices:
            return next((text for text in self.choices if value_of(text) == value), None)
        inside = isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high
        return value if inside and (not self.whole or isinstance(value, int)) else None

    def __str__(self) -> str:
        if self.choices:
            return f"{self.key}={','.join(self.choices)}"
        return f"{self.key}={'log:' if self.log else ''}{self.low!r}..{self.high!r}"


@dataclass(frozen=True)
class Ranges:
    """A space in which every key has a range of its own."""

    ranges: tuple[Range, ...]

    def __call__(self, trial: BaseTrial) -> dict[str, Any]:
        """Settings for one trial: values by dotted key."""
        return {each.key: each.suggest(trial) for each in self.ranges}

    def told(self) -> list[dict[str, Any]]:
        """As JSON knows it."""
        return [asdict(each) for each in self.ranges]

    @classmethod
    def read(cls, told: Sequence[Mapping[str, Any]]) -> Ranges:
        """What `told` wrote."""
        return cls(tuple(Range(**{**each, "choices": tuple(each["choices"])}) for each in told))


def parse(texts: Sequence[str], tree: dict[str, Any], plugins: Plugins) -> Ranges:
    """The space of `--search` texts about the complete recipe `tree`. Raises `RecipeError`."""
    ranges = tuple(_range(text, tree, plugins) for text in texts)
    keys = [each.key for each in ranges]
    for key in keys:
        if keys.count(key) > 1:
            raise RecipeError(f"--search {key}: is given twice")
    return Ranges(ranges)


def _range(text: str, tree: dict[str, Any], plugins: Plugins) -> Range:
    key, equals, values = (part.strip() for part in text.partition("="))
    if not key:
        raise RecipeError(f"--search {short(text)}: {HOW}")
    if not equals:
        return published(key, tree, plugins)
    log = values.startswith("log:")
    low, dots, high = values.removeprefix("log:").partition("..")
    if dots:
        return checked(Range(key, _number(text, low), _number(text, high), log), f"--search {short(text)}")
    choices = _split(values)
    if log or not all(choices):
        raise RecipeError(f"--search {short(text)}: {HOW}")
    return checked(Range(key, choices=choices), f"--search {short(text)}")


def _number(text: str, part: str) -> float:
    value = value_of(part.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecipeError(f"--search {short(text)}: '{short(part)}' is no number; {HOW}")
    return value


def _split(text: str) -> tuple[str, ...]:
    """At the commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return tuple(part.strip() for part in parts)


def checked(found: Range, where: str) -> Range:
    """The same, if there is something in it. Raises `RecipeError`."""
    if found.choices:
        if len(set(found.choices)) < max(2, len(found.choices)):
            raise RecipeError(f"{where}: needs two values at least, and each once")
        return found
    if not (math.isfinite(found.low) and math.isfinite(found.high)) or found.low >= found.high:
        raise RecipeError(f"{where}: {found.low!r} is not below {found.high!r}")
    if found.log and found.low <= 0:
        raise RecipeError(f"{where}: a range by equal factors begins above 0, not at {found.low!r}")
    return found


def published(key: str, tree: dict[str, Any], plugins: Plugins) -> Range:
    """The range that whoever declares `key` publishes for it; of a component its name, among ganlab's own.

    Raises `RecipeError` if nobody does, and names the keys that have one.
    """
    known = dict(publications(tree, plugins))
    if key not in known:
        raise RecipeError(
            f"--search {short(key)}: nobody publishes a range for it; give one, such as {short(key)}=log:1e-5..1e-2."
            f"{nearest(key, known)} Published: {short(', '.join(known), 400)}"
        )
    return known[key]


def publications(tree: dict[str, Any], plugins: Plugins) -> Iterator[tuple[str, Range]]:
    """Every key of the recipe for which a range is published, by what `--search` calls it."""
    yield from _of_tables(Recipe, tree, "")
    for kind, where, _, component in components(tree):
        if kind == "losses":
            own = [each.name for each in plugins.entries(kind) if each.origin.builtin]
            yield where, Range(f"{where}.name", choices=tuple(dict.fromkeys([component["name"], *own])))
        if kind in ("diagnostics", "monitors", "reporters"):
            continue
        for name, field in find(plugins, kind, component["name"], where).options().model_fields.items():
            yield from _of_field(f"{where}.{name}", field)


def _of_tables(model: type[BaseModel], value: Any, where: str) -> Iterator[tuple[str, Range]]:
    """What the tables of the recipe publish, the standing parts of components among them."""
    for name, field in model.model_fields.items():
        path = f"{where}.{name}" if where else name
        yield from _of_field(path, field)
        below = value.get(name) if isinstance(value, Mapping) else None
        for inner in _models(field.annotation):
            if isinstance(below, list):
                for number, item in enumerate(below):
                    called = item.get("label") or item.get("name") or item.get("player") or number
                    yield from _of_tables(inner, item, f"{path}.{called}")
            elif isinstance(below, Mapping) and get_origin(field.annotation) is dict:
                for called, item in below.items():
                    yield from _of_tables(inner, item, f"{path}.{called}")
            elif isinstance(below, Mapping):
                yield from _of_tables(inner, below, path)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (list, dict, Union, UnionType):
        for each in get_args(annotation):
            yield from _models(each)


def _of_field(path: str, field: FieldInfo) -> Iterator[tuple[str, Range]]:
    for each in field.metadata:
        if isinstance(each, Search):
            choices = tuple(json.dumps(value) for value in each.among)
            yield path, checked(Range(path, each.low, each.high, each.log, choices), path)
