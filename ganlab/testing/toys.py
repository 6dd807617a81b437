"""A game small enough to hold in the mind: 8 x 8 pictures of two kinds, two networks of one hidden layer.

Each toy is the shortest honest implementation of its interface; swap the part that your test is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ganlab.interfaces.architecture import Architecture, GeneratorShapes, ViewShapes
from ganlab.interfaces.dataset import Dataset, Source
from ganlab.interfaces.features import Features
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.values import Batch, Field, Given, Networks, Sample, Verdict, View, Views


class ToyRandom(Random):
    """Draws from a generator of its own: the same seed draws the same."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        self.rows = rows
        self._generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(self.rows, *shape, generator=self._generator)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(self.rows, *shape, generator=self._generator)

    def integers(self, high: int, *shape: int) -> Tensor:
        return torch.randint(high, (self.rows, *shape), generator=self._generator)


class ToySource(Source):
    """Tensors by field name."""

    resident = True

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = dict(tensors)

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    def rows(self, indices: Tensor, random: Random | None) -> Mapping[str, Any]:
        return {name: tensor[indices] for name, tensor in self.tensors.items()}

    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())


class ToyDataset(Dataset):
    """Pictures (1, 8, 8) that are darker above (label 0) or below (label 1), with some noise: 64 to train, 32 not."""

    train: ToySource
    held_out: ToySource

    def __init__(self, *, seed: int = 0) -> None:
        self.fields = {"image": Field("image", (1, 8, 8)), "label": Field("category", cardinality=2)}
        random = ToyRandom(96, seed)
        label = random.integers(2)
        slope = torch.linspace(-0.8, 0.8, 8).reshape(1, 1, 8, 1) * (1 - 2 * label.reshape(-1, 1, 1, 1))
        image = (slope + 0.05 * random.normal(1, 8, 8)).clamp(-1, 1)
        self.train = ToySource({"image": image[:64], "label": label[:64]})
        self.held_out = ToySource({"image": image[64:], "label": label[64:]})

    def fingerprint(self) -> str:
        parts = (each.tensors["image"].numpy().tobytes() for each in (self.train, self.held_out))
        return hashlib.sha256(b"".join(parts)).hexdigest()


class ToyNetwork(nn.Module):
    """Whatever it is given, side by side, through one hidden layer; with a field to make, bounded to [-1, 1]."""

    def __init__(self, given: Iterable[Field | None], made: Field | None = None) -> None:
        super().__init__()
        self.given = tuple(given)
        self.shape = made.shape if made else ()
        size = sum(each.cardinality or max(1, torch.Size(each.shape).numel()) for each in self.given if each)
        self.layers = nn.Sequential(
            nn.Linear(size, 32), nn.LeakyReLU(0.2), nn.Linear(32, max(1, torch.Size(self.shape).numel()))
        )

    def forward(self, *given: Any) -> Tensor:
        parts = [
            nn.functional.one_hot(value, field.cardinality).float()
            if field.cardinality
            else value.reshape(len(value), -1).float()
            for value, field in zip(given, self.given, strict=False)
            if field
        ]
        out: Tensor = self.layers(torch.cat([part.flatten(1) for part in parts], 1))
        return out.reshape(-1, *self.shape).tanh() if self.shape else out.squeeze(1)


class ToyArchitecture(Architecture):
    """Builds toy networks for fields of any shape."""

    def generator(self, shapes: GeneratorShapes) -> nn.Module:
        return ToyNetwork(shapes.given.values(), next(iter(shapes.sample.values())))

    def discriminator(self, shapes: ViewShapes) -> nn.Module:
        return ToyNetwork((shapes.data, shapes.given))


class ToyTask(Task):
    """From a latent (4,) to the dataset's first field, judged by one discriminator."""

    def draw(self, batch: Batch, random: Random) -> Given:
        return {"latent": random.normal(4)}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {next(iter(self.fields)): networks["generator"](given["latent"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        name = next(iter(self.fields))
        return {name: View(sample[name])}


def build_networks(task: Task, batch: Batch, architecture: Architecture | None = None, seed: int = 0) -> Networks:
    """Every network of `task`, sized by one dry round on `batch`, its weights a function of `seed`."""
    architecture = architecture or ToyArchitecture()
    networks: dict[str, nn.Module] = {}
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        given = task.draw(batch, ToyRandom(batch.size))
        for player in task.players():
            networks[player] = task.build(
                player, architecture, GeneratorShapes(task.given_fields(given), task.makes())
            ).eval()
        for name, view in task.views(networks, task.generate(networks, given), given).items():
            if (judge := view.judge or name) not in networks:
                shapes = task.view_fields(name, view.data, view.given)
                networks[judge] = task.build(judge, architecture, shapes).eval()
    return networks


class ToyFeatures(Features):
    """Samples laid flat, whatever was chosen."""

    name = "toy"

    def embed(self, data: Tensor) -> Tensor:
        return data.flatten(1).float()


def as_verdict(answer: Tensor | Verdict) -> Verdict:
    """What a discriminator answered, as a verdict."""
    return Verdict(answer) if isinstance(answer, Tensor) else answer
