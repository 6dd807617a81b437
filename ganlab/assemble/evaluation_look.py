"""A look at two sources of samples, for the diagnostics of a run: one real, one to be measured.

It notes what each diagnostic was shown, so that the record of a number says what it was measured on. Where the samples
come from a run that is measured against its own data, there is a whole game to look at; elsewhere, samples alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ganlab.assemble.evaluation_samples import Datasets, GeneratedSamples, NeedsGame, Samples, chosen
from ganlab.assemble.features import FeatureNetworks
from ganlab.engine.random import Stream
from ganlab.errors import DataError
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.look import Look
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.values import Batch, Field, Given, Networks, Progress, Sample, Verdict, Views

Asked = tuple[str, str, int]
"""Something a diagnostic was shown: "real", "generated" or "features", which part or network, and how many."""


class SamplesAlone(Task):
    """What a generator makes, and nothing of how."""

    def draw(self, batch: Batch, random: Random) -> Given:
        raise NeedsGame("it draws latents, and there are samples alone; measure a run against its own data")

    def generate(self, networks: Networks, given: Given) -> Sample:
        raise NeedsGame("it makes samples of its own, and there are samples alone; measure a run against its own data")

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        raise NeedsGame("it needs discriminators, and there are samples alone; measure a run against its own data")


class SampleLook(Look):
    """Real samples of `datasets` beside `samples`. Those alone are looked at in the data's own field, or in `size`."""

    def __init__(
        self,
        datasets: Datasets,
        samples: Samples,
        features: FeatureNetworks,
        device: torch.device,
        *,
        size: int | None,
        whole: bool,
        progress: Progress,
    ) -> None:
        self.progress = progress
        self.dataset = next(iter(datasets.values()))
        self._datasets = datasets
        self._samples = samples
        self._features = features
        self._device = device
        self._game = samples if whole and size is None and isinstance(samples, GeneratedSamples) else None
        self._kept: dict[str, tuple[Any, set[Asked]]] = {}
        self.asked: set[Asked] = set()
        if self._game is not None:
            self.task: Task = self._game.generator.task
        else:
            self._made = next(iter(samples.fields))
            self._real_name, field = next(iter(self.dataset.fields.items()))
            self._field = common_field(field, samples.fields[self._made], size)
            self.task = SamplesAlone({self._real_name: self._field})

    def networks(self, *, averaged: bool = True) -> Networks:
        return self._whole().networks(averaged)

    def real(self, count: int, *, held_out: bool = True) -> Sample:
        part = "held-out" if held_out else "training"
        return self._noted("real", part, self.once(f"shown/{part}/{count}", lambda: self._real(count, held_out)))

    def real_beside(self, count: int) -> Sample:
        return self._noted("real", "training", self.task.real(self._whole().beside(count)))

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        part = self._samples.parts[averaged]
        return self._noted("generated", part, self.once(f"shown/{part}/{count}", lambda: self._fake(count, averaged)))

    def given(self, count: int) -> Given:
        return self._whole().given(count)

    def verdicts(self, sample: Sample, given: Given) -> dict[str, Verdict]:
        networks = self._whole().networks(False)
        answers = {}
        for name, view in self.task.views(networks, sample, given).items():
            answer = networks[view.judge or name](view.data, view.given)
            answers[name] = Verdict(answer) if isinstance(answer, Tensor) else answer
        return answers

    def random(self, name: str, rows: int) -> Random:
        return Stream(0, f"look/{name}", self._device).at(0, rows)

    def ledger(self) -> dict[str, float]:
        return {}

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._kept:
            before, self.asked = self.asked, set()
            try:
                self._kept[name] = (make(), self.asked)
            finally:
                self.asked = before
        value, asked = self._kept[name]
        self.asked = self.asked | asked
        return value

    def this_tick(self, name: str, make: Callable[[], Any]) -> Any:
        return self.once(f"tick/{name}", make)

    def features(self, choice: FeatureChoice, name: str) -> Features:
        network = self._features.find(choice, self.task.makes()[name])
        self.asked.add(("features", network.name, 0))
        return network

    def _whole(self) -> GeneratedSamples:
        if self._game is None:
            raise NeedsGame("it needs the networks of a game; measure a run against its own data")
        return self._game

    def _real(self, count: int, held_out: bool) -> Sample:
        counted = next(iter(self._datasets))
        batch = chosen(self._datasets, counted, count, held_out=held_out, device=self._device)
        if self._game is not None:
            return self.task.real(batch)
        return {self._real_name: resized(batch[self._real_name], self._field)}

    def _fake(self, count: int, averaged: bool) -> Sample:
        made = self._samples.take(count, averaged)
        for name in self._samples.fields:
            if made[name].is_floating_point() and not bool(torch.isfinite(made[name]).all()):
                raise DataError(f"the samples hold numbers of '{name}' that are not finite; nothing can be measured")
        return made if self._game is not None else {self._real_name: resized(made[self._made], self._field)}

    def _noted(self, source: str, part: str, sample: Sample) -> Sample:
        self.asked.add((source, part, rows_of(sample, self.task.makes())))
        return sample


def rows_of(sample: Sample, fields: Mapping[str, Field]) -> int:
    """How many samples there are."""
    return len(sample[next(iter(fields))])


def common_field(real: Field, made: Field, size: int | None) -> Field:
    """The field both are measured in. Raises `DataError` unless it is one, or becomes one by resizing to `size`."""
    if real.kind != made.kind:
        raise DataError(f"the samples are of kind '{made.kind}' and the data of kind '{real.kind}'; take other data")
    if real.kind != "image":
        if size is not None:
            raise DataError(f"--resize: samples of kind '{real.kind}' have no size; leave it out")
        if real.shape != made.shape:
            raise DataError(f"the samples have the shape {made.shape} and the data {real.shape}; take other data")
        return real
    if real.shape[0] != made.shape[0]:
        raise DataError(
            f"the samples have {made.shape[0]} channels and the data {real.shape[0]}; read both alike, such as with "
            "--set samples.channels=1 or --set against.channels=3"
        )
    if size is None and real.shape != made.shape:
        sizes = [" x ".join(map(str, each.shape[1:])) for each in (made, real)]
        raise DataError(
            f"the samples are {sizes[0]} pixels and the data {sizes[1]}; say --resize N to measure both at N"
        )
    return real if size is None else Field("image", (real.shape[0], size, size))


def resized(data: Tensor, field: Field) -> Tensor:
    """Pictures in the field's size."""
    if tuple(data.shape[1:]) == field.shape:
        return data
    size = list(field.shape[1:])
    return interpolate(data.float(), size, mode="bilinear", antialias=True, align_corners=False).clamp(-1, 1)
