"""A look at the toy game, for diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch

from ganlab.interfaces.architecture import Architecture
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.look import Look
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.testing.toys import ToyDataset, ToyFeatures, ToyRandom, ToyTask, as_verdict, build_networks
from ganlab.values import Batch, Given, Networks, Progress, Sample, Verdict


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
