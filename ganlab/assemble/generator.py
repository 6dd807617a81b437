"""From a run, or from what was exported of one, to its generator, without the run's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import torch
from safetensors.torch import load
from torch import Tensor
from torch.nn import Module

from ganlab.assemble.builder import Builder
from ganlab.assemble.dry_round import example, generate_dry
from ganlab.assemble.export_directory import RECIPE, WEIGHTS, ExportDirectory
from ganlab.assemble.kept_recipe import kept_recipe
from ganlab.assemble.memory import HEAVY, Counting, Heavy
from ganlab.assemble.rules import rules_of
from ganlab.assemble.run_directory import RunDirectory
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.fitting import check_fit
from ganlab.engine.vetting import table
from ganlab.errors import CheckpointError, RecipeError
from ganlab.foreign.header import read_header
from ganlab.interfaces.task import Task
from ganlab.plugins import Plugins
from ganlab.recipe import Component, Recipe, parse, read_toml
from ganlab.values import Fields, Progress

ROOM = 16
"""How many times the numbers that an export has its networks may take while they are built, judges included."""


@dataclass(frozen=True)
class LoadedGenerator:
    """A game's generator: the task that draws for it, and networks, averaged unless told otherwise, on their device.

    `fields` are those of each stage's data, `stage` is the one the game was in. `averaged` says whether any network is
    a moving average. `provenance` is where it comes from.
    """

    task: Task
    networks: Mapping[str, Module]
    recipe: Recipe
    progress: Progress
    notes: Sequence[str]
    run: str
    stage: int
    fields: Sequence[Fields]
    averaged: bool
    provenance: Mapping[str, Any]


def load_generator(
    source: RunDirectory | ExportDirectory,
    plugins: Plugins,
    device: torch.device,
    *,
    raw: bool = False,
    healthy: bool = False,
    frames: int | None = None,
) -> LoadedGenerator:
    """The newest checkpoint's generator, from the run directory alone, or an exported one; `raw` asks for weights that
    are no moving average, `healthy` for a checkpoint from before a trouble, `frames` for clips of another length than
    in training, where the task has an option of that name.

    Raises `CheckpointError`, `RecipeError`, `PluginError`.
    """
    if isinstance(source, RunDirectory):
        return _of_run(source, plugins, device, raw, healthy, frames)
    if healthy:
        raise RecipeError(f"--from healthy: '{source.path}' holds one generator; export the run itself with it")
    return _of_export(source, plugins, device, raw, frames)


def _of_run(
    directory: RunDirectory, plugins: Plugins, device: torch.device, raw: bool, healthy: bool, frames: int | None
) -> LoadedGenerator:
    _, kept = kept_recipe(directory, plugins)
    recipe = lengthened(kept, plugins, frames)
    folder = CheckpointFolder(directory.path / "checkpoints")
    state, path, problems = folder.newest_healthy() if healthy else folder.newest()
    try:
        clock, players = (table(part, table("game", state["game"])[part]) for part in ("clock", "players"))
        progress = Progress(int(clock["round"]), int(clock["samples"]))
        stage = min(int(clock["stage"]), len(rules_of(recipe)) - 1)
        averaged = {name: not raw and each["average"] is not None for name, each in players.items()}
        weights = {name: players[name]["average" if averaged[name] else "network"] for name in players}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path.name}: does not hold a game ({type(error).__name__}: {error})") from None
    fields = directory.fields()
    task, networks = _built(recipe, plugins, fields, stage, whole=True)
    _settle(networks, weights, recipe, device, path.name)
    return LoadedGenerator(
        task=task,
        networks=networks,
        recipe=recipe,
        progress=progress,
        notes=problems,
        run=directory.name,
        stage=stage,
        fields=fields,
        averaged=any(averaged.values()),
        provenance=directory.provenance(),
    )


def _of_export(
    export: ExportDirectory, plugins: Plugins, device: torch.device, raw: bool, frames: int | None
) -> LoadedGenerator:
    about = export.about()
    try:
        names = [str(name) for name in about["networks"]]
        progress, stage = Progress(int(about["round"]), int(about["samples"])), int(about["stage"])
        run, averaged, provenance = str(about["run"]), bool(about["averaged"]), dict(about["provenance"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{export.path}: is no export ({type(error).__name__}: {error})") from None
    if raw and averaged:
        raise RecipeError(f"--raw: '{export.path}' holds the moving average alone; export the run itself with --raw")
    export.read(RECIPE)
    kept = parse(read_toml(export.path / RECIPE))  # it is complete: what is not built need not be installed
    recipe = lengthened(kept, plugins, frames)
    fields = export.fields()
    weights = _weights(export, names)
    numbers = sum(each.numel() for tensors in weights.values() for each in tensors.values())
    try:
        with Counting(ROOM * numbers + HEAVY):
            task, networks = _built(recipe, plugins, fields, stage, whole=False)
            if not set(names) <= set(networks):
                task, networks = _built(recipe, plugins, fields, stage, whole=True)
    except Heavy:
        raise CheckpointError(
            f"{export.path}: has {numbers} numbers, and its recipe builds far larger networks; export the run again"
        ) from None
    if not set(names) <= set(networks):
        unknown = ", ".join(sorted(set(names) - set(networks)))
        raise CheckpointError(f"{export.path}: has weights of '{unknown}', which its recipe does not build")
    networks = {name: networks[name] for name in names}
    _settle(networks, weights, recipe, device, WEIGHTS)
    return LoadedGenerator(
        task=task,
        networks=networks,
        recipe=recipe,
        progress=progress,
        notes=(),
        run=run,
        stage=stage,
        fields=fields,
        averaged=averaged,
        provenance=provenance,
    )


def lengthened(recipe: Recipe, plugins: Plugins, frames: int | None) -> Recipe:
    """The recipe with tasks that make clips of so many frames, whatever length they were trained on.

    Raises `RecipeError` if a task has no option `frames`.
    """
    if frames is None:
        return recipe

    def longer(task: Component) -> Component:
        if "frames" not in plugins.find("tasks", task.name).options().model_fields:
            raise RecipeError(
                f"--frames: the task '{task.name}' makes nothing of a length that can be chosen; leave it out"
            )
        return Component(name=task.name, **{**task.options, "frames": frames})

    stages = [
        each if each.task is None else each.model_copy(update={"task": longer(each.task)}) for each in recipe.stages
    ]
    return recipe.model_copy(update={"task": longer(recipe.task), "stages": stages})


def _weights(export: ExportDirectory, players: Sequence[str]) -> dict[str, dict[str, Tensor]]:
    """Tensors by player and name."""
    raw = export.read(WEIGHTS)
    try:
        read_header(BytesIO(raw), len(raw))
        tensors = load(raw)
    except Exception as error:  # safetensors raises its own kind, which it does not export
        raise CheckpointError(f"{export.path / WEIGHTS}: cannot be read ({error})") from None
    found: dict[str, dict[str, Tensor]] = {player: {} for player in players}
    for name, tensor in tensors.items():
        player, _, rest = name.partition("/")
        if player not in found:
            raise CheckpointError(f"{export.path / WEIGHTS}: '{name[:80]}' belongs to no network of the export")
        found[player][rest] = tensor
    return found


def _built(
    recipe: Recipe, plugins: Plugins, fields: Sequence[Fields], stage: int, *, whole: bool
) -> tuple[Task, dict[str, Module]]:
    """The stage's task, and networks as they were first: all of them, or those that make samples."""
    rules = rules_of(recipe)
    if not 0 <= stage < min(len(rules), len(fields)):
        raise CheckpointError(f"stage {stage} of {len(rules)} was reached, and the data of {len(fields)} are known")
    builder = Builder(recipe, plugins)
    for each, its_fields in zip(rules[: stage + 1], fields, strict=False):
        task: Task = builder.create("tasks", each.task, its_fields)
        if whole:
            builder.play_dry(task, example(its_fields))
        else:
            generate_dry(task, example(its_fields), builder.networks, builder.architecture, recipe.seed)
    return task, builder.networks


def _settle(
    networks: Mapping[str, Module],
    weights: Mapping[str, Mapping[str, Tensor]],
    recipe: Recipe,
    device: torch.device,
    where: str,
) -> None:
    """Give the networks their weights, on the device, in the mode in which they are sampled."""
    for name, network in networks.items():
        if name not in weights:
            raise CheckpointError(f"{where}: has no weights of player '{name}'")
        try:
            check_fit(network.state_dict(), weights[name])
        except CheckpointError as error:
            raise CheckpointError(f"{where}: does not fit player '{name}': {error}") from None
        network.load_state_dict(weights[name])
        network.to(device).requires_grad_(False).train(recipe.players[name].sampling_mode == "train")
