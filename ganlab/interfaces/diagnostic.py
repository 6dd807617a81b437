"""Turns the game into numbers, and never judges.

Three instances: coverage of held-out real data, the share of real samples a discriminator calls real, the number of
modes of a mixture that the generator reaches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from ganlab.interfaces.component import Component
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.look import Look
from ganlab.interfaces.task import Task


class Diagnostic(Component, ABC):
    """Asked at ticks. Must not change anything it sees.

    One that not every game can be measured by says so in `check`:

        def check(self, task, dataset, networks):
            if dataset.centres is None:
                raise ganlab.RecipeError("needs a mixture, such as ring or grid; take another diagnostic")
    """

    features: FeatureChoice | None = None
    """The feature network it measures in, as its option `features` names it; None if it needs none."""

    def check(self, task: Task, dataset: Dataset, networks: Mapping[str, Features]) -> None:
        """Raise `RecipeError` if it cannot measure such a game; all are welcome by default.

        Asked before the first round, once for each stage, with the stage's task and counted dataset, and for each field
        the task makes the feature network that `features` names, none if it names none. What it raises is told behind
        the place in the recipe, as `watch.diagnostics.modes: ...`; so it says what is needed and what to do.
        """

    @abstractmethod
    def measure(self, look: Look) -> Mapping[str, float]:
        """Numbers by name. A name says what was measured and, after '@', in which feature network."""
