"""A game small enough to hold in the mind: 8 x 8 pictures of two kinds, two networks of one hidden layer.

Each toy is the shortest honest implementation of its interface; swap the part that your test is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from ganlab.interfaces.architecture import Architecture, GeneratorShapes, ViewShapes
from ganlab.interfaces.dataset import Dataset, Source
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.look import Look
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.interfaces.turn import Turn
from ganlab.values import Batch, Field, Given, Networks, Progress, Sample, Side, Verdict, View, Views


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


class ToyTurn(Turn):
    """One turn of `player` on a batch of 8, opponents frozen. Ready to use: `ToyTurn()` is the discriminator's."""

    def __init__(
        self,
        player: str = "image",
        *,
        task: Task | None = None,
        dataset: Dataset | None = None,
        architecture: Architecture | None = None,
        intermediates: Mapping[str, Any] | None = None,
        rows: int = 8,
        seed: int = 0,
    ) -> None:
        dataset = dataset or ToyDataset()
        self.task = task or ToyTask(dataset.fields)
        self.player = player
        self.progress = Progress()
        self.random: Random = ToyRandom(rows, seed + 1)
        self.recorded: dict[str, Tensor] = {}
        self._batch = Batch(dataset.train.rows(torch.arange(rows), None), rows)
        self._intermediates = intermediates or {}
        self.networks = build_networks(self.task, self._batch, architecture, seed)
        for name, network in self.networks.items():
            network.train().requires_grad_(name == player)
        self._given = self.task.draw(self._batch, ToyRandom(rows, seed))
        self._fake = self.task.generate(self.networks, self._given)

    @property
    def batch(self) -> Batch:
        return self._batch

    @property
    def given(self) -> Given:
        return self._given

    @property
    def real(self) -> Sample:
        return self.task.real(self._batch)

    @property
    def fake(self) -> Sample:
        return self._fake

    def views(self, side: Side) -> Views:
        if side == "mismatched":
            return self.task.mismatched(self.networks, self.real, self._given)
        return self.task.views(self.networks, self.real if side == "real" else self.fake, self._given)

    def verdict(self, side: Side, view: str) -> Verdict:
        return self.judge(view, self.views(side)[view])

    def judge(self, name: str, view: View) -> Verdict:
        return as_verdict(self.networks[view.judge or name](view.data, view.given))

    def generate(self, given: Given) -> Sample:
        return self.task.generate(self.networks, given)

    def intermediate(self, name: str) -> Any:
        return self._intermediates[name] if name in self._intermediates else self.task.intermediate(name, self)

    def record(self, name: str, value: Tensor) -> None:
        self.recorded[name] = value.detach()


class ToyFeatures(Features):
    """Samples laid flat, whatever was chosen."""

    name = "toy"

    def embed(self, data: Tensor) -> Tensor:
        return data.flatten(1).float()


class ToyLook(Look):
    """The game at a tick, before it has learnt anything, so that fakes look like nothing real."""

    def __init__(
        self,
        *,
        task: Task | None = None,
        dataset: Dataset | None = None,
        architecture: Architecture | None = None,
        ledger: Mapping[str, float] | None = None,
        progress: Progress | None = None,
        features: Features | None = None,
    ) -> None:
        self.dataset = dataset or ToyDataset()
        self._features = features or ToyFeatures()
        self.task = task or ToyTask(self.dataset.fields)
        self.progress = progress or Progress()
        self._ledger = dict(ledger or {})
        self._kept: dict[str, Any] = {}
        self._networks = build_networks(self.task, self._batch(2, held_out=False), architecture)
        for network in self._networks.values():
            network.eval().requires_grad_(False)

    def networks(self, *, averaged: bool = True) -> Networks:
        return self._networks

    def real(self, count: int, *, held_out: bool = True) -> Sample:
        return self.task.real(self._batch(count, held_out=held_out))

    def real_beside(self, count: int) -> Sample:
        return self.task.real(self._batch(count, held_out=False, cycle=True))

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        return cast(Sample, self.once(f"fake/{count}", lambda: self.task.generate(self._networks, self.given(count))))

    def given(self, count: int) -> Given:
        return self.task.draw(self._batch(count, held_out=False, cycle=True), self.random("look", count))

    def verdicts(self, sample: Sample, given: Given) -> dict[str, Verdict]:
        views = self.task.views(self._networks, sample, given)
        return {
            name: as_verdict(self._networks[view.judge or name](view.data, view.given)) for name, view in views.items()
        }

    def random(self, name: str, rows: int) -> Random:
        return ToyRandom(rows, sum(name.encode()))

    def ledger(self) -> dict[str, float]:
        return dict(self._ledger)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def this_tick(self, name: str, make: Callable[[], Any]) -> Any:
        return self.once(f"tick/{name}", make)

    def features(self, choice: FeatureChoice, name: str) -> Features:
        return self._features

    def _batch(self, count: int, *, held_out: bool, cycle: bool = False) -> Batch:
        source = self.dataset.held_out if held_out else self.dataset.train
        indices = torch.arange(count) % len(source) if cycle else torch.arange(min(count, len(source)))
        return Batch(source.rows(indices, None), len(indices))


def as_verdict(answer: Tensor | Verdict) -> Verdict:
    """What a discriminator answered, as a verdict."""
    return Verdict(answer) if isinstance(answer, Tensor) else answer
