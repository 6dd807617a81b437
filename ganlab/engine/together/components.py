"""Losses, terms and augmentations of K games as one: asked once where they promise to treat each sample alone, else
each game's own about its own rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from ganlab.engine.board import mean
from ganlab.engine.look import joined
from ganlab.engine.phase import Change, Charge, Stage, Stake, Weight
from ganlab.engine.together.rows import JointRandom, own_rows
from ganlab.interfaces.augmentation import Augmentation
from ganlab.interfaces.component import Component
from ganlab.interfaces.loss import Loss
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.interfaces.term import Term
from ganlab.interfaces.turn import Turn
from ganlab.values import Batch, Given, Networks, Progress, Sample, Side, View, Views

C = TypeVar("C", bound=Component)


def joint_stage(stages: Sequence[Stage], own_turn: Callable[[Turn, int], Turn], device: torch.device) -> Stage:
    """The stage of all games, whose rules are those of the first. `own_turn` is one game's part of a turn."""
    return replace(
        stages[0],
        task=JointTask(stages[0].task),
        stakes=tuple(joint_stake(each) for each in zip(*(stage.stakes for stage in stages), strict=True)),
        charges=tuple(
            joint_charge(each, own_turn, device) for each in zip(*(stage.charges for stage in stages), strict=True)
        ),
        changes=tuple(joint_change(each) for each in zip(*(stage.changes for stage in stages), strict=True)),
    )


def joint_stake(stakes: Sequence[Stake]) -> Stake:
    losses = [each.loss for each in stakes]
    return replace(stakes[0], loss=for_all(losses) or ApartLoss(losses))


def joint_charge(charges: Sequence[Charge], own_turn: Callable[[Turn, int], Turn], device: torch.device) -> Charge:
    terms = [each.term for each in charges]
    weight = JointWeight([each.weight for each in charges], device)
    return replace(charges[0], term=for_all(terms) or ApartTerm(terms, own_turn), weight=weight)


def joint_change(changes: Sequence[Change]) -> Change:
    augmentations = [each.augmentation for each in changes]
    return replace(changes[0], augmentation=for_all(augmentations) or ApartAugmentation(augmentations))


def for_all(components: Sequence[C]) -> C | None:
    """The first, if it may be asked for all of them."""
    first = components[0]
    return first if first.per_sample and all(alike(each, first) for each in components) else None


def alike(one: Any, other: Any) -> bool:
    """True if they surely do the same: of one class, and set alike."""
    try:
        return type(one) is type(other) and bool(vars(one) == vars(other))
    except Exception:  # tensors, and what else does not say yes or no
        return False


class JointWeight:
    """What a term weighs: a number where it is the same in all games, else one for each (K,)."""

    def __init__(self, weights: Sequence[Weight], device: torch.device) -> None:
        self._weights = weights
        self._values: list[float] = []
        self._each = torch.empty(0, device=device)

    def __call__(self, progress: Progress) -> Any:
        values = [each(progress) for each in self._weights]
        if min(values) == max(values):
            return values[0]
        if values != self._values:
            self._values, self._each = values, self._each.new_tensor(values)
        return self._each


class JointTask(Task):
    """A task that is held to its promise: a row for each sample."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.fields)
        self._task = task

    def draw(self, batch: Batch, random: Random) -> Given:
        return self._task.draw(batch, random)

    def generate(self, networks: Networks, given: Given) -> Sample:
        return self._task.generate(networks, given)

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        views = self._task.views(networks, sample, given)
        if any(view.rows is not None for view in views.values()):
            raise ValueError("a view has rows that are not one for each sample")
        return views

    def real(self, batch: Batch) -> Sample:
        return self._task.real(batch)

    def mismatched(self, networks: Networks, sample: Sample, given: Given) -> Views:
        if self._task.mismatched(networks, sample, given):
            raise ValueError("real data are shown beside the wrong condition, which is another sample's")
        return {}

    def intermediate(self, name: str, turn: Turn) -> Any:
        return self._task.intermediate(name, turn)


class ApartLoss(Loss):
    """Each game's own loss of its own logits. Costs are one number for each game."""

    def __init__(self, losses: Sequence[Loss]) -> None:
        self._losses = losses
        # The interface declares it of a class; here it is what the loss that is wrapped says.
        self.compares = losses[0].compares  # type: ignore[misc]

    def discriminator(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        costs = [
            each.discriminator(own_real, own_fake)
            for each, own_real, own_fake in zip(self._losses, self._own(real), self._own(fake), strict=True)
        ]
        return torch.stack([mean(each) for each, _ in costs]), torch.stack([mean(each) for _, each in costs])

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        reals: Sequence[Tensor | None] = [None] * len(self._losses) if real is None else self._own(real)
        costs = [
            each.generator(own_fake, own_real)
            for each, own_fake, own_real in zip(self._losses, self._own(fake), reals, strict=True)
        ]
        return torch.stack([mean(each) for each in costs])

    def _own(self, logits: Tensor) -> Sequence[Tensor]:
        return logits.chunk(len(self._losses))


class ApartTerm(Term):
    """Each game's own term, about its own part of the turn. Costs are one number for each game."""

    def __init__(self, terms: Sequence[Term], own_turn: Callable[[Turn, int], Turn]) -> None:
        self._terms = terms
        self._own_turn = own_turn

    def cost(self, turn: Turn) -> Tensor:
        costs = [each.cost(self._own_turn(turn, number)) for number, each in enumerate(self._terms)]
        return torch.stack([mean(each) for each in costs])


class ApartAugmentation(Augmentation):
    """Each game's own augmentation of its own rows."""

    def __init__(self, augmentations: Sequence[Augmentation]) -> None:
        self._augmentations = augmentations

    def augment(self, view: View, side: Side, random: Random) -> View:
        count = len(self._augmentations)
        views = [
            each.augment(own_rows(view, number, count), side, cast(JointRandom, random).parts[number])
            for number, each in enumerate(self._augmentations)
        ]
        given = None if views[0].given is None else joined([each.given for each in views])
        return views[0].replace(data=joined([each.data for each in views]), given=given)
