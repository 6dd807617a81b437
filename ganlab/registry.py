"""What plugins register: names, the factories behind them, and where they come from.

A factory's signature is its schema. Its keyword parameters are the options a recipe may give: types, ranges and
defaults are read from the annotations and checked before anything is built. Its positional-only parameters are what
ganlab hands in.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ganlab.calling import apart
from ganlab.errors import GanlabError, PluginError, RecipeError, nearest
from ganlab.interfaces.architecture import Architecture
from ganlab.interfaces.augmentation import Augmentation
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.features import Features
from ganlab.interfaces.intervention import Intervention
from ganlab.interfaces.loss import Loss
from ganlab.interfaces.monitor import Monitor
from ganlab.interfaces.reporter import Reporter
from ganlab.interfaces.task import Task
from ganlab.interfaces.term import Term
from ganlab.signature import options_of
from ganlab.validation import explain, short

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T")

INTERFACES: dict[str, type] = {
    "tasks": Task,
    "datasets": Dataset,
    "architectures": Architecture,
    "losses": Loss,
    "terms": Term,
    "augmentations": Augmentation,
    "features": Features,
    "diagnostics": Diagnostic,
    "monitors": Monitor,
    "interventions": Intervention,
    "reporters": Reporter,
    "recipes": Path,
}
"""The kinds of thing a plugin may register, and what each is an instance of."""

KINDS = tuple(INTERFACES)


def singular(kind: str) -> str:
    """What one of `kind` is called: "loss" for "losses"."""
    interface = INTERFACES.get(kind)
    if interface is Features:
        return "feature network"
    return "recipe" if interface is Path else interface.__name__.lower() if interface else kind


@dataclass(frozen=True)
class Origin:
    """Where something was registered: the plugin's name, its distribution and version, and whether it is ganlab's."""

    plugin: str
    distribution: str
    version: str
    builtin: bool = False

    def __str__(self) -> str:
        return f"plugin '{self.plugin}' ({self.distribution} {self.version})"


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A registered name. `factory` makes a `T`; of a recipe it is the `Path` of its file."""

    kind: str
    name: str
    factory: Any
    origin: Origin

    def __str__(self) -> str:
        return f"{singular(self.kind)} '{self.name}' of {self.origin}"

    @property
    def path(self) -> Path:
        """The file of a recipe."""
        return Path(self.factory)

    def options(self) -> type[BaseModel]:
        """The factory's options as a pydantic model: frozen, unknown keys forbidden unless it takes `**kwargs`.

        Raises `PluginError` if an annotation cannot be resolved or says nothing pydantic can check.
        """
        return self._model

    def resolve(self, options: Mapping[str, Any], where: str, beside: Iterable[str] = ()) -> dict[str, Any]:
        """All options, defaults included, as values that TOML and JSON know.

        Raises `RecipeError` with one line per problem, each beginning with its dotted path below `where`, where the
        keys `beside` may stand too.
        """
        try:
            return self._validated(options, where, beside).model_dump(mode="json")
        except (TypeError, ValueError) as error:
            raise PluginError(f"{self}: an option's default is not a plain value ({error}); give one that is") from None

    def create(self, *context: Any, **options: Any) -> T:
        """What the factory makes of `context`, handed in by position, and the checked options.

        Raises `RecipeError` for bad options, and `PluginError` if a third-party factory raises.
        """
        model = self._validated(options, self.name)
        arguments = {name: getattr(model, name) for name in type(model).model_fields} | (model.model_extra or {})
        try:
            with nullcontext() if self.origin.builtin else apart(f"the making of {self}", slow=True):
                made = self.factory(*context, **arguments)
        except (GanlabError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            if self.origin.builtin:
                raise
            raise PluginError(f"{self} could not be made: {one_line(error)}; tell its author") from error
        interface = INTERFACES.get(self.kind, object)
        if not isinstance(made, interface):
            raise PluginError(
                f"{self} is a {type(made).__name__}, not a ganlab.{interface.__name__}; its author must subclass that"
            )
        return cast(T, made)

    def _validated(self, options: Mapping[str, Any], where: str, beside: Iterable[str] = ()) -> BaseModel:
        from pydantic import ValidationError

        model = self.options()
        try:
            # As JSON and strictly: true is not an integer, an integer is a float, and a list is a tuple.
            return model.model_validate_json(json.dumps(options, default=str), strict=True)
        except ValidationError as error:
            raise RecipeError("\n".join(explain(error, model, where, beside))) from None
        except (RecursionError, TypeError, ValueError) as error:
            raise RecipeError(f"{where}: cannot be read ({one_line(error)})") from None

    @functools.cached_property
    def _model(self) -> type[BaseModel]:
        from pydantic import ConfigDict, create_model
        from pydantic.errors import PydanticUserError

        try:
            options, open_ended = options_of(self.factory)
        except (NameError, TypeError, ValueError, SyntaxError) as error:
            raise PluginError(f"{self}: its options cannot be read ({one_line(error)}); tell its author") from None
        config = ConfigDict(
            extra="allow" if open_ended else "forbid",
            frozen=True,
            protected_namespaces=(),
            ser_json_inf_nan="constants",
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an option may be called like a method of pydantic's
                return cast("type[BaseModel]", create_model(self.name, __config__=config, **cast(Any, options)))
        except (PydanticUserError, NameError, TypeError) as error:
            raise PluginError(f"{self}: its options cannot be checked ({one_line(error)}); tell its author") from None


class Registry(Generic[T]):
    """Everything of one kind, by name. A name that two plugins registered is an error when, and only when, it is
    asked for."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._candidates: dict[str, list[Entry[T]]] = {}

    def add(self, entry: Entry[T]) -> None:
        """Register one more."""
        self._candidates.setdefault(entry.name, []).append(entry)

    def names(self) -> tuple[str, ...]:
        """Every registered name, sorted."""
        return tuple(sorted(self._candidates))

    def __contains__(self, name: object) -> bool:
        return name in self._candidates

    def entries(self) -> list[Entry[T]]:
        """Every entry by name, those that clash too."""
        return [entry for name in self.names() for entry in self._candidates[name]]

    def find(self, name: str) -> Entry[T]:
        """The entry called `name`. Raises `PluginError` if there is none, or more than one."""
        what = singular(self.kind)
        candidates = self._candidates.get(name, [])
        if not candidates:
            raise PluginError(
                f"no {what} named '{short(name)}'.{nearest(name, self.names())} "
                f"'ganlab plugins list {self.kind}' shows all {len(self._candidates)}."
            )
        if len(candidates) > 1:
            claimants = " and ".join(str(entry.origin) for entry in candidates)
            raise PluginError(
                f"two plugins register the {what} '{name}': {claimants}; "
                f"uninstall one, or name those you want in GANLAB_PLUGINS"
            )
        return candidates[0]


def one_line(error: BaseException) -> str:
    """What was raised, as `Kind: message` on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
