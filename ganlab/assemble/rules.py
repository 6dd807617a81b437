"""A recipe's stages, each with what it leaves out filled in from the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganlab.engine.phase import Goal
from ganlab.recipe import Component, PhaseSetting, Recipe, TermSetting, ViewSetting
from ganlab.recipe import Stage as StageSetting


@dataclass(frozen=True)
class Rules:
    """One stage's part of the recipe, with what it leaves out filled in."""

    name: str
    task: Component
    datasets: Mapping[str, Component]
    batch_sizes: Mapping[str, int]
    counted: str
    loss: Component
    views: Mapping[str, ViewSetting]
    phases: Sequence[PhaseSetting] | None
    terms: Sequence[TermSetting]
    kimg: float | None = None
    goal: Goal | None = None


def rules_of(recipe: Recipe) -> list[Rules]:
    """The recipe's stages; without any, one that is the recipe itself."""
    stages = recipe.stages or [StageSetting(name="play", kimg=recipe.kimg)]
    found = []
    for stage in stages:
        single, several = stage.dataset or recipe.dataset, stage.datasets or recipe.datasets
        if stage.dataset is not None:
            several = None
        datasets: Mapping[str, Component] = several if several is not None else {"": single}  # type: ignore[dict-item]
        whole = stage.batch_size or recipe.batch_size
        sizes = {name: (each.batch_size or whole) for name, each in (several or {}).items()} or {"": whole}
        goal, counted = stage.goal, recipe.counted or ""
        found.append(
            Rules(
                name=stage.name,
                task=stage.task or recipe.task,
                datasets=datasets,
                batch_sizes=sizes,
                counted=counted if counted in datasets else next(iter(datasets)),
                loss=stage.loss or recipe.loss,
                views=recipe.views if stage.views is None else stage.views,
                phases=recipe.phases if stage.phases is None else stage.phases,
                terms=recipe.terms if stage.terms is None else stage.terms,
                kimg=stage.kimg,
                goal=None if goal is None else Goal(goal.measurement, goal.below, goal.above),
            )
        )
    return found
