"""From a run on disk to its generator, without the run's data."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import Module

from ganlab.assemble.builder import Builder
from ganlab.assemble.dry_round import example
from ganlab.assemble.resolution import resolve
from ganlab.assemble.rules import rules_of
from ganlab.assemble.run_directory import RunDirectory
from ganlab.engine.checkpoint import CheckpointFolder
from ganlab.errors import CheckpointError
from ganlab.interfaces.task import Task
from ganlab.plugins import Plugins
from ganlab.recipe import Recipe, read_toml
from ganlab.values import Progress


@dataclass(frozen=True)
class LoadedGenerator:
    """A finished game's generator: the task that draws for it, and all networks, averaged, on their device."""

    task: Task
    networks: dict[str, Module]
    recipe: Recipe
    progress: Progress
    notes: list[str]


def load_generator(
    directory: RunDirectory, plugins: Plugins, device: torch.device, *, raw: bool = False
) -> LoadedGenerator:
    """The newest checkpoint's generator, from the run directory alone. Raises `CheckpointError`, `RecipeError`."""
    recipe = resolve(read_toml(directory.path / "recipe.toml"), plugins)
    state, path, problems = CheckpointFolder(directory.path / "checkpoints").newest()
    clock = state["game"]["clock"]
    rules = rules_of(recipe)
    stage = min(clock["stage"], len(rules) - 1)
    builder = Builder(recipe, plugins)
    for each, fields in zip(rules[: stage + 1], directory.fields(), strict=False):
        task: Task = builder.create("tasks", each.task, fields)
        builder.play_dry(task, example(fields))
    networks = {}
    for name, network in builder.networks.items():
        kept = state["game"]["players"][name]
        weights = kept["network"] if raw or kept["average"] is None else kept["average"]
        try:
            network.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(f"{path.name} does not fit player '{name}': {str(error).splitlines()[0]}") from None
        mode = recipe.players[name].sampling_mode
        networks[name] = network.to(device).requires_grad_(False).train(mode == "train")
    progress = Progress(clock["round"], clock["samples"])
    return LoadedGenerator(task, networks, recipe, progress, problems)
