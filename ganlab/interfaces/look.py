"""What a diagnostic may see: the game as it stands at a tick, without a chance to disturb it.

Three instances of looking: coverage compares held-out real samples with fakes of the averaged generator; balance asks
each discriminator about both; a mode count needs the dataset's truth.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ganlab.interfaces.dataset import Dataset
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.values import Given, Networks, Progress, Sample, Verdict

if TYPE_CHECKING:
    from torch import Tensor

Part: TypeAlias = Literal["held-out", "training", "averaged", "raw"]
"""Real samples of one part of the dataset, or fakes made by averaged or by raw weights."""


class Look(ABC):
    """Networks are in evaluation mode and frozen; draws come from streams of their own."""

    progress: Progress
    task: Task
    dataset: Dataset
    """The counted dataset."""

    @abstractmethod
    def networks(self, *, averaged: bool = True) -> Networks:
        """All networks; with `averaged`, a player's moving average in place of its raw weights where it has one."""

    @abstractmethod
    def real(self, count: int, *, held_out: bool = True) -> Sample:
        """`count` real samples of that part, or as many as there are: a fixed random choice."""

    @abstractmethod
    def real_beside(self, count: int) -> Sample:
        """`count` real training samples beside the conditions of `given(count)`: what discriminators may be shown."""

    @abstractmethod
    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        """`count` samples; the same latents at every tick. Made once per tick and shared by all diagnostics."""

    @abstractmethod
    def given(self, count: int) -> Given:
        """The conditions and latents those fakes are made from."""

    @abstractmethod
    def verdicts(self, sample: Sample, given: Given) -> dict[str, Verdict]:
        """What each discriminator says of `sample`, by view name, without augmentation."""

    @abstractmethod
    def random(self, name: str, rows: int) -> Random:
        """A stream of its own for `name`, the same at every tick."""

    @abstractmethod
    def ledger(self) -> dict[str, float]:
        """Means of what was recorded since the last tick: costs, gradient norms."""

    @abstractmethod
    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """`make()`, kept under `name` for the whole run: statistics of the real data."""

    @abstractmethod
    def this_tick(self, name: str, make: Callable[[], Any]) -> Any:
        """`make()`, kept under `name` until the tick is over: what several diagnostics compute of the same fakes."""

    @abstractmethod
    def features(self, choice: FeatureChoice, name: str) -> Features:
        """The feature network a diagnostic chose, made for the task's field `name`."""

    def points(self, choice: FeatureChoice, count: int, part: Part) -> Mapping[str, Tensor]:
        """Features (N, D), float32, of `count` samples of that part, by each field the task makes.

        Those of real samples are kept for the whole run, those of fakes for the tick: do not write on them.
        """
        keep = self.once if part in ("held-out", "training") else self.this_tick
        found: Mapping[str, Tensor] = keep(
            f"points/{choice}/{count}/{part}", lambda: self._embedded(choice, count, part)
        )
        return found

    def samples(self, count: int, part: Part) -> Sample:
        """`count` samples of that part."""
        if part in ("held-out", "training"):
            return self.real(count, held_out=part == "held-out")
        return self.fake(count, averaged=part == "averaged")

    def _embedded(self, choice: FeatureChoice, count: int, part: Part) -> Mapping[str, Tensor]:
        sample, networks = self.samples(count, part), {name: self.features(choice, name) for name in self.task.makes()}
        if part in ("held-out", "training"):
            return {name: network.embed_real(sample[name]) for name, network in networks.items()}
        return {name: network.embed(sample[name]) for name, network in networks.items()}
