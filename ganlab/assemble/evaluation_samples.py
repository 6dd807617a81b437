"""Samples that are to be measured: made by a generator from fixed latents, or taken from files in a fixed random order.

Of a run, samples number for number those that the run's own ticks look at, so that what is measured afterwards is what
the run measured.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab.assemble.generator import LoadedGenerator
from ganlab.assemble.sampling import conditions
from ganlab.engine.look import generate, own
from ganlab.engine.random import Stream
from ganlab.errors import DataError, RecipeError
from ganlab.interfaces.dataset import Dataset
from ganlab.values import Batch, Field, Given, Networks, Sample

Datasets = Mapping[str, Dataset]
"""By their name in the batch; a single one has the empty name."""


class NeedsGame(RecipeError):
    """A metric asked for networks, verdicts or latents, where there are samples alone."""


class Samples(ABC):
    """What a generator has made, or would make."""

    fields: Mapping[str, Field]
    """What each sample is made of."""

    parts: Mapping[bool, str]
    """How the averaged generator's samples are called in the record, and those of the raw one."""

    @abstractmethod
    def take(self, count: int, averaged: bool) -> Sample:
        """`count` samples, or as many as there are."""

    def given(self, count: int) -> Given:
        """What they were made from."""
        raise NeedsGame("it needs latents, and these are samples alone; measure a run")

    def networks(self, averaged: bool) -> Networks:
        """All that the checkpoint holds."""
        raise NeedsGame("it needs networks, and these are samples alone; measure a run against its own data")


class StoredSamples(Samples):
    """Those in a folder or a file, read as a dataset; all of them, in a fixed random order."""

    def __init__(self, dataset: Dataset, *, training_alone: bool, device: torch.device) -> None:
        name = next(iter(dataset.fields))
        self.fields = {name: dataset.fields[name]}
        self.parts = {True: "samples", False: "samples"}
        self._sources = [dataset.train] if training_alone else [dataset.train, dataset.held_out]
        self._name = name
        self._device = device
        self.size = sum(map(len, self._sources))

    def take(self, count: int, averaged: bool) -> Sample:
        order = torch.randperm(self.size, generator=torch.Generator().manual_seed(0))[:count]
        first = len(self._sources[0])
        rows = [self._sources[0].rows(order[order < first], None)[self._name]]
        if len(self._sources) > 1:
            rows.append(self._sources[1].rows(order[order >= first] - first, None)[self._name])
        return {self._name: torch.cat([each for each in rows if len(each)]).to(self._device)}


class GeneratedSamples(Samples):
    """A generator's, from the latents that its run's ticks use, beside the conditions of the same training samples."""

    def __init__(
        self,
        load: Callable[[bool], LoadedGenerator],
        datasets: Datasets | None,
        seed: int | None,
        device: torch.device,
        *,
        raw_alone: bool,
    ) -> None:
        self._loaded = {not raw_alone: load(raw_alone)}
        self.generator = self._loaded[not raw_alone]
        self._load = load
        self._raw_alone = raw_alone
        self.fields = self.generator.task.makes()
        self.parts = {True: "raw" if raw_alone else "averaged", False: "raw"}
        self.datasets = datasets
        self.seed = self.generator.recipe.seed if seed is None else seed
        self._device = device
        self._given: dict[int, Given] = {}

    def take(self, count: int, averaged: bool) -> Sample:
        with torch.no_grad():
            return generate(self.generator.task, self.networks(averaged), self.given(count), count)

    def given(self, count: int) -> Given:
        if count not in self._given:
            batch = self.beside(count)
            stream = Stream(self.seed, "look/look", self._device).at(0, batch.size)
            self._given[count] = self.generator.task.draw(batch, stream)
        return self._given[count]

    def beside(self, count: int) -> Batch:
        """Training samples that lend their conditions; they come again if there are fewer."""
        if self.datasets is not None:
            counted = next(iter(self.datasets))
            return chosen(self.datasets, counted, count, held_out=False, cycle=True, device=self._device)
        return moved(conditions(self.generator.task, count, {}, None, default=count), self._device)

    def networks(self, averaged: bool) -> Networks:
        averaged = averaged and not self._raw_alone
        if averaged not in self._loaded:
            self._loaded[averaged] = self._load(not averaged)
        return self._loaded[averaged].networks


def moved(batch: Batch, device: torch.device) -> Batch:
    """The batch on the device."""

    def there(value: Any) -> Any:
        if isinstance(value, Batch):
            return moved(value, device)
        return value.to(device) if isinstance(value, Tensor) else value

    return Batch({name: there(value) for name, value in batch.items()}, batch.size)


def chosen(
    datasets: Datasets, counted: str, count: int, *, held_out: bool, device: torch.device, cycle: bool = False
) -> Batch:
    """The same fixed random choice as at a run's ticks; with `cycle`, samples come again where there are fewer."""
    batches: dict[str, Batch] = {}
    for name, dataset in datasets.items():
        source = dataset.held_out if held_out else dataset.train
        if not len(source):
            raise DataError(f"the data have no {'held-out' if held_out else 'training'} samples; take another dataset")
        order = torch.randperm(len(source), generator=torch.Generator().manual_seed(0))
        rows = order.repeat(-(-count // len(order)))[:count] if cycle else order[:count]
        entries = {key: own(value) for key, value in source.rows(rows, None).items()}
        batches[name] = moved(Batch(entries, len(rows)), device)
    return batches[""] if "" in batches else Batch(dict(batches), batches[counted].size)
