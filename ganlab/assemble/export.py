"""From a generator to a directory that makes the same samples anywhere, proved before it takes its name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch.nn import Module

import ganlab
from ganlab.assemble.export_directory import FIELDS, RECIPE, WEIGHTS, ExportDirectory, write_export
from ganlab.assemble.generator import LoadedGenerator, load_generator
from ganlab.assemble.plain_fields import plain_fields
from ganlab.engine.finite import first_not_finite
from ganlab.engine.random import Stream
from ganlab.errors import CheckpointError, RecipeError
from ganlab.plugins import Plugins
from ganlab.recipe import to_toml
from ganlab.values import Batch, Field, Fields, Given, Sample

CPU = torch.device("cpu")

REMEMBERED = ("recipe", "started", "seed", "data", "libraries", "plugins", "python", "device", "git")
"""What an export tells of where it comes from. Neither names of machines nor paths."""

TRIED = 3
"""Samples that an export must make as the run does."""


@dataclass(frozen=True)
class Exported:
    """What was written: how many networks and numbers, in how many bytes."""

    networks: int
    numbers: int
    size: int


class Asked(Mapping[str, Module]):
    """Networks that remember which of them were asked for."""

    def __init__(self, networks: Mapping[str, Module]) -> None:
        self._networks = networks
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Module:
        self.names.add(name)
        return self._networks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._networks)

    def __len__(self) -> int:
        return len(self._networks)


def export_generator(generator: LoadedGenerator, plugins: Plugins, target: Path) -> Exported:
    """Write what the generator, on the CPU, needs to `target`, which is not there yet.

    Raises `CheckpointError` for weights that are not finite, `RecipeError` if what was written does not make the same
    samples, `StorageError` if the disk refuses.
    """
    given = tried(generator, TRIED)
    networks = makers(generator, given)
    tensors = {
        f"{player}/{name}": value.clone(memory_format=torch.contiguous_format)
        for player, network in networks.items()
        for name, value in network.state_dict().items()
    }
    if (name := first_not_finite(tensors)) is not None:
        raise CheckpointError(f"'{name}' holds numbers that are not finite, and such a generator makes nothing")
    sample = made(generator, given)

    def makes_the_same(export: ExportDirectory) -> None:
        again = made(load_generator(export, plugins, CPU), given)
        for name, value in sample.items():
            if isinstance(value, torch.Tensor) and not torch.equal(value.nan_to_num(), again[name].nan_to_num()):
                raise RecipeError(
                    f"the generator keeps something beside its weights, so an export of it makes another '{name}'; "
                    "its architecture must keep that in a buffer"
                )

    recipe = to_toml(generator.recipe.model_dump(mode="json", exclude_none=True))
    fields = json.dumps([plain_fields(each) for each in generator.fields], indent=1)
    files = {WEIGHTS: save(tensors, {"format": "pt"}), RECIPE: recipe.encode(), FIELDS: fields.encode()}
    write_export(target, about(generator, networks, given), files, makes_the_same)
    size = sum(each.stat().st_size for each in target.iterdir())
    return Exported(len(networks), sum(each.numel() for each in tensors.values()), size)


def about(generator: LoadedGenerator, networks: Mapping[str, Module], given: Given) -> dict[str, Any]:
    """What an export says of itself, beside what its files are."""
    told = {"given": generator.task.given_fields(given), "makes": generator.task.makes()}
    return {
        "ganlab": ganlab.__version__,
        "run": generator.run,
        "kimg": generator.progress.kimg,
        "round": generator.progress.round,
        "samples": generator.progress.samples,
        "stage": generator.stage,
        "averaged": generator.averaged,
        "networks": {name: {"mode": generator.recipe.players[name].sampling_mode} for name in networks},
        **{what: {name: asdict(field) for name, field in fields.items()} for what, fields in told.items()},
        "provenance": {name: generator.provenance[name] for name in REMEMBERED if name in generator.provenance},
    }


def tried(generator: LoadedGenerator, count: int) -> Given:
    """What the generator may be given, drawn at random."""
    random = torch.Generator().manual_seed(0)

    def of(fields: Fields) -> Batch:
        return Batch(
            {name: of(each) if not isinstance(each, Field) else rows(each) for name, each in fields.items()}, count
        )

    def rows(field: Field) -> torch.Tensor:
        shape = (count, *field.shape)
        if field.cardinality is not None:
            return torch.randint(max(1, field.cardinality), shape, generator=random)
        return torch.rand(shape, generator=random) * 2 - 1

    task = generator.task
    batch = of({name: task.fields[name] for name in task.conditions})
    return task.draw(batch, Stream(0, "export", CPU).at(0, count))


def makers(generator: LoadedGenerator, given: Given) -> dict[str, Module]:
    """The networks that a sample is made by: the task's own players, and judges if it asks for them."""
    asked = Asked({name: network.eval() for name, network in generator.networks.items()})
    with torch.no_grad():
        generator.task.generate(asked, given)
    for name, network in generator.networks.items():
        network.train(generator.recipe.players[name].sampling_mode == "train")
    wanted = {*generator.task.players(), *asked.names}
    return {name: network for name, network in generator.networks.items() if name in wanted}


def made(generator: LoadedGenerator, given: Given) -> Sample:
    """The samples, whatever torch has drawn before."""
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return generator.task.generate(generator.networks, given)
