"""From a recipe's components to objects: datasets, tasks, networks, players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import Module, Parameter
from torch.optim import Optimizer

from ganlab.assemble.dry_round import Seen, check_fields, play_dry
from ganlab.assemble.first_look import Shape, check_dataset, check_loss
from ganlab.assemble.rules import Rules
from ganlab.engine import distributed
from ganlab.engine.blame import blamed_on, suspect
from ganlab.engine.device import Place
from ganlab.engine.player import Average, Player
from ganlab.engine.schedule import Fall
from ganlab.errors import RecipeError, nearest
from ganlab.interfaces.architecture import Architecture
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.loss import Loss
from ganlab.interfaces.task import Task
from ganlab.optimizers import FUSED
from ganlab.plugins import Plugins
from ganlab.recipe import Component, Recipe
from ganlab.registry import one_line
from ganlab.surroundings import kept
from ganlab.values import Batch, Fields

OPTIMIZER_CLASSES = {name.lower(): each for name, each in vars(torch.optim).items() if isinstance(each, type)}


@dataclass
class Builder:
    """Builds a recipe's parts; `create` is the one way from a component to an object."""

    recipe: Recipe
    plugins: Plugins
    networks: dict[str, Module] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    """Datasets by stream key."""
    read: dict[str, Dataset] = field(default_factory=dict)
    """Those that have been read, by what the recipe says of them; several games may share it."""

    def create(self, kind: str, component: Component, *context: Any) -> Any:
        """The component's object."""
        return self.plugins.find(kind, component.name).create(*context, **component.options)

    def dataset(self, component: Component) -> Dataset:
        """The dataset; the same component is read once, however many stages use it."""
        key = component.model_dump_json(exclude={"batch_size"})
        if key not in self.read:
            dataset = self.create("datasets", component)
            check_dataset(component.name, dataset)
            self.read[key] = dataset
        return self.read[key]

    def loss(self, component: Component, logits: Mapping[str, Shape]) -> Loss:
        """The loss, after a copy of it was asked what such logits cost."""
        asked: Loss = self.create("losses", component)
        who = f"loss '{component.name}'"
        with kept(), blamed_on(lambda: [suspect(asked, who)], lambda: "asked for a first cost"):
            check_loss(who, asked, logits)
        loss: Loss = self.create("losses", component)
        return loss

    def task(self, rules: Rules, fields: Fields) -> Task:
        """The stage's task, its needs checked against the dataset's fields."""
        task: Task = self.create("tasks", rules.task, fields)
        check_fields(rules.task.name, task, fields, ", ".join(each.name for each in rules.datasets.values()))
        return task

    def architecture(self, player: str) -> Architecture:
        """The architecture the recipe gives that player."""
        setting = self.recipe.players.get(player)
        if setting is None:
            known = self.recipe.players
            raise RecipeError(
                f"the game has a player '{player}', the recipe has no [players.{player}].{nearest(player, known)}"
            )
        architecture: Architecture = self.create("architectures", setting.architecture)
        return architecture

    def play_dry(self, task: Task, batch: Batch) -> dict[str, Seen]:
        """Build the networks that are missing, and see the views."""
        return play_dry(task, batch, self.networks, self.architecture, self.recipe.seed)


def build_player(name: str, builder: Builder, place: Place) -> Player:
    setting = builder.recipe.players[name]
    network = place.settle(builder.networks[name]).train()
    distributed.same_everywhere(network)
    options = dict(setting.optimizer.options)
    if setting.optimizer.name in FUSED:
        options["fused"] = True
    for key, value in options.items():
        if isinstance(value, list):
            options[key] = tuple(value)

    def optimizer(parameters: list[Parameter]) -> Optimizer:
        kind = setting.optimizer.name
        try:
            made: Optimizer = OPTIMIZER_CLASSES[kind](parameters, **options)
        except ValueError as error:  # muon moves matrices alone
            raise RecipeError(
                f"players.{name}.optimizer: '{kind}' cannot move these weights ({one_line(error)}); "
                "change its options or take another"
            ) from None
        return made

    schedule = setting.schedule
    return Player(
        name,
        network,
        optimizer,
        average=None
        if setting.ema_half_life_kimg is None
        else Average(network, setting.ema_half_life_kimg, setting.ema_ramp_up, setting.ema_from_kimg),
        clip_norm=setting.clip_norm,
        schedule=None
        if schedule is None
        else Fall(
            schedule.shape,
            schedule.warm_up_kimg,
            schedule.from_kimg,
            schedule.until_kimg or builder.recipe.kimg,
            schedule.final,
            schedule.every_kimg,
        ),
        sampling_mode=setting.sampling_mode,
        scaler=torch.amp.GradScaler(place.device.type) if place.precision == "float16" else None,
    )
