"""One round on two samples before the first: builds the networks, learns all shapes, and finds what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from ganlab.assemble.first_look import Shape, check_made, check_named, check_rows, check_verdict, check_views
from ganlab.assemble.memory import weighed
from ganlab.engine.blame import Suspect, blamed_on, modules_in, suspect
from ganlab.engine.random import Stream, seed_for
from ganlab.errors import DataError, RecipeError, nearest
from ganlab.interfaces.architecture import Architecture, GeneratorShapes, ViewShapes
from ganlab.interfaces.task import Task
from ganlab.surroundings import kept
from ganlab.values import Batch, Field, Fields, Given, Sample, Verdict, View

SAMPLES = 2

CPU = torch.device("cpu")

Build = Callable[[str], Architecture]
"""The architecture of the player of that name; raises `RecipeError` if the recipe has none."""


@dataclass(frozen=True)
class Seen:
    """What the dry round saw of one view."""

    judge: str
    against: tuple[str, ...]
    logits: Mapping[str, Shape]
    """The shape of a row of the judge's logits, as the loss gets them, by judgement."""


def example(fields: Fields) -> Batch:
    """Two samples of nothing in the right shapes, for sampling without the dataset."""

    def of(field: Any) -> Any:
        if not isinstance(field, Field):
            return example(field)
        if field.cardinality is not None:
            return torch.zeros(SAMPLES, *field.shape, dtype=torch.int64)
        return torch.zeros(SAMPLES, *field.shape)

    return Batch({name: of(field) for name, field in fields.items()}, SAMPLES)


def check_fields(task_name: str, task: Task, fields: Fields, dataset_name: str) -> None:
    """Raise `DataError` if the dataset lacks a field the task needs."""
    for name, kind in task.needs.items():
        field = fields.get(name)
        if not isinstance(field, Field) or field.kind != kind:
            have = ", ".join(f"{key} ({each.kind})" for key, each in fields.items() if isinstance(each, Field))
            raise DataError(
                f"task '{task_name}' needs the field '{name}' of kind {kind}, and dataset '{dataset_name}' has {have}; "
                "take another dataset or task"
            )


def play_dry(task: Task, batch: Batch, networks: dict[str, Module], build: Build, seed: int) -> dict[str, Seen]:
    """Build into `networks` every player that is missing, and return what was seen of each view. Whatever plugins
    change of what everybody shares is put back; one that fails is named by `PluginError`."""
    architectures: dict[str, Architecture] = {}

    def remembered(player: str) -> Architecture:
        return architectures.setdefault(player, build(player))

    def suspects() -> Iterator[Suspect]:
        yield suspect(task, called(task))
        for player, architecture in architectures.items():
            yield suspect(architecture, f"the architecture of player '{player}'")
        for player, network in networks.items():
            yield from modules_in(network, f"the network of player '{player}'")

    with kept(), blamed_on(suspects, lambda: "in the dry round"):
        return _play_dry(task, batch, networks, remembered, seed)


def _play_dry(task: Task, batch: Batch, networks: dict[str, Module], build: Build, seed: int) -> dict[str, Seen]:
    who = called(task)
    check_rows({name: field for name, field in task.fields.items() if name not in task.derives}, batch)
    given, sample = generate_dry(task, batch, networks, build, seed)
    with torch.no_grad():
        views = check_views(f"{who} (views)", task.views(networks, sample, given))
        for name, view in views.items():
            judge = view.judge or name
            if judge not in networks:
                shapes_seen = task.view_fields(name, view.data, view.given)
                networks[judge] = _built(task, judge, build, shapes_seen, seed)
        logits = {name: _check_verdict(name, view, networks[view.judge or name]) for name, view in views.items()}
        shown = check_named(f"{who} (real)", task.real(batch), "a sample")
        real = check_views(f"{who} (views)", task.views(networks, shown, given))
        if set(real) != set(views):
            raise RecipeError(f"the task shows views {sorted(views)} of fakes, but {sorted(real)} of real data")
    return {name: Seen(view.judge or name, view.against, logits[name]) for name, view in views.items()}


def called(task: Task) -> str:
    """What an error calls the task."""
    return f"task {type(task).__name__}"


def generate_dry(
    task: Task, batch: Batch, networks: dict[str, Module], build: Build, seed: int
) -> tuple[Given, Sample]:
    """The round's first half: build into `networks` the task's own players that are missing, and make samples."""
    drawn = task.draw(batch, Stream(seed, "dry", CPU).at(0, batch.size))
    given = check_named(f"{called(task)} (draw)", drawn, "what is given")
    for player in task.players():
        if player not in networks:
            shapes = GeneratorShapes(task.given_fields(given), task.makes())
            networks[player] = _built(task, player, build, shapes, seed)
    with torch.no_grad():
        return given, _generated(task, networks, given)


def _built(task: Task, player: str, build: Build, shapes: GeneratorShapes | ViewShapes, seed: int) -> Module:
    """The player's network, its initial weights a function of the seed and its name."""

    def made() -> Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, f"weights/{player}"))
            return task.build(player, build(player), shapes).eval()

    return weighed(player, made)


def _generated(task: Task, networks: Mapping[str, Module], given: Given) -> Sample:
    who = f"{called(task)} (generate)"
    sample = check_named(who, task.generate(networks, given), "a sample")
    for name, field in task.makes().items():
        made = sample.get(name)
        shape = tuple(made.shape[1:]) if isinstance(made, Tensor) else None
        if shape != field.shape:
            raise RecipeError(
                f"the generator makes '{name}' of shape {shape}, the dataset has {field.shape}; "
                "choose an architecture or a size that fit"
            )
        check_made(who, name, sample[name])
    return sample


def _check_verdict(name: str, view: View, judge: Module) -> dict[str, Shape]:
    answer = judge.eval()(view.data, view.given)
    shapes = check_verdict(name, answer)
    verdict = Verdict(answer) if isinstance(answer, Tensor) else answer
    rows = view.data.shape[0] if isinstance(view.data, Tensor) else None
    for logits in verdict.judgements.values():
        if rows is not None and logits.shape[:1] != (rows,):
            raise RecipeError(
                f"the judge of view '{name}' answers {tuple(logits.shape)} to {rows} rows; expected ({rows}, ...)"
            )
    return dict.fromkeys(shapes, ()) if view.pooled else shapes


def check_names(kind: str, names: Any, known: Any) -> None:
    """Raise `RecipeError` if the recipe speaks of something that is not in the game."""
    for name in names:
        if name not in known:
            raise RecipeError(
                f"{kind} '{name}' is not in this game.{nearest(name, known)} There are: {', '.join(known)}"
            )
