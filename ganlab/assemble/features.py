"""Feature networks of a run: each is made once for every kind of field that a diagnostic embeds in it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ganlab.assemble.builder import Builder
from ganlab.errors import GanlabError
from ganlab.interfaces.diagnostic import Diagnostic
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.task import Task
from ganlab.recipe import Component
from ganlab.surroundings import kept
from ganlab.values import Field


class FeatureNetworks:
    """Finds them by what diagnostics choose."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._made: dict[tuple[str, Field], Features] = {}

    def find(self, choice: FeatureChoice, field: Field) -> Features:
        """The feature network of that choice for that field. Raises `RecipeError`, `PluginError`."""
        key = (json.dumps(choice, sort_keys=True), field)
        if key not in self._made:
            table = {"name": choice} if isinstance(choice, str) else choice
            with kept():  # what it draws to be made is nobody else's
                self._made[key] = self._builder.create("features", Component.model_validate(table), field)
        return self._made[key]

    def check(self, diagnostics: Sequence[tuple[str, int, Diagnostic]], tasks: Sequence[Task]) -> None:
        """Make all that will be asked for, so that a network that is missing is missed before the first round."""
        for name, _, diagnostic in diagnostics:
            for task in tasks if diagnostic.features is not None else ():
                for field in task.makes().values():
                    try:
                        self.find(diagnostic.features or "", field)
                    except GanlabError as error:
                        raise type(error)(f"watch.diagnostics.{name}.features: {error}") from None
