"""One turn of the toy game, for terms and whatever else is charged in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ganlab.interfaces.architecture import Architecture
from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.interfaces.turn import Turn
from ganlab.testing.toys import ToyDataset, ToyRandom, ToyTask, as_verdict, build_networks
from ganlab.values import Batch, Given, Progress, Sample, Side, Verdict, View, Views


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
