"""Bring in what the recipe keeps in reserve: an augmentation with probability 0, or a term with weight 0.

DiffAugment, instance noise and LeCam are cures that cost something in a healthy game, so they wait until they are
needed. What waits stands in the recipe: nothing acts on a run that its recipe does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ganlab import Action, Finding, Intervention, Progress, RecipeError, SetProbability, SetWeight
from ganlab.builtin.interventions.choosing import Positive, Probability

WINNING = ("discriminator-dominates", "discriminator-over-fits")


class SwitchOn(Intervention):
    """Brings in an augmentation or a term that the recipe keeps in reserve.

    As soon as one of `monitors` has a finding, lets `augmentation` act with `probability`, or gives `term` the
    weight `weight`, or both; with `off_again` they go back to 0 when none stands any more.
    """

    def __init__(
        self,
        *,
        augmentation: str | None = None,
        probability: Probability = 1.0,
        term: str | None = None,
        weight: Positive = 1.0,
        monitors: tuple[str, ...] = WINNING,
        off_again: bool = False,
    ) -> None:
        if augmentation is None and term is None:
            raise RecipeError(
                "intervention 'switch-on' is not told what to switch on; name an augmentation or a term of the recipe"
            )
        self.augmentation = augmentation
        self.probability = probability
        self.term = term
        self.weight = weight
        self.monitors = monitors
        self.off_again = off_again
        self.on = False

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        if findings and not self.on:
            self.on = True
            return self._set(self.probability, self.weight)
        if self.on and not findings and self.off_again:
            self.on = False
            return self._set(0.0, 0.0)
        return []

    def may_ask(self) -> Iterable[Action]:
        return self._set(self.probability, self.weight)

    def _set(self, probability: float, weight: float) -> list[Action]:
        actions: list[Action] = []
        if self.augmentation is not None:
            actions.append(SetProbability(self.augmentation, probability))
        if self.term is not None:
            actions.append(SetWeight(self.term, weight))
        return actions

    def state(self) -> Mapping[str, Any]:
        return {"on": self.on}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.on = bool(state["on"])


def instance_noise(
    *,
    augmentation: str = "instance-noise",
    probability: Probability = 1.0,
    monitors: tuple[str, ...] = ("discriminator-dominates",),
) -> SwitchOn:
    """Blurs what a discriminator that wins is shown, for as long as it wins.

    Source: Sonderby et al. 2017 (arXiv:1610.04490).
    """
    return SwitchOn(augmentation=augmentation, probability=probability, monitors=monitors, off_again=True)
