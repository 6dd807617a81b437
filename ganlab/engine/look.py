"""Looking at the game without disturbing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor

from ganlab.engine.game import Game
from ganlab.engine.pose import Pose, posed
from ganlab.engine.random import RowRandom
from ganlab.engine.table import tensors_in
from ganlab.interfaces.features import FeatureChoice, Features
from ganlab.interfaces.look import Look
from ganlab.surroundings import kept
from ganlab.values import Batch, Given, Networks, Sample, Verdict

CHUNK = 64
"""Samples made at once: enough to be fast, few enough for memory."""

SHOWN = "shown/"
"""What the name of kept samples begins with."""


class OpenLook(Look):
    """The game at one tick. Make it inside `undisturbed(game)`."""

    def __init__(self, game: Game, pose: Pose) -> None:
        self.progress = game.clock.progress
        self.task = game.stage.task
        self.dataset = game.dataset
        self.pose = pose
        self._game = game
        self._fakes: dict[tuple[int, bool], Sample] = {}
        self._given: dict[int, Given] = {}
        self._ledger: dict[str, float] | None = None
        self._kept: dict[str, Any] = {}
        self._shown: dict[int, tuple[Tensor, int]] = {}

    def networks(self, *, averaged: bool = True) -> Networks:
        return {name: player.averaged if averaged else player.network for name, player in self._game.players.items()}

    def real(self, count: int, *, held_out: bool = True) -> Sample:
        sample: Sample = self._showing(
            self.once(f"{SHOWN}real/{count}/{held_out}", lambda: self._real(count, held_out))
        )
        return sample

    def given(self, count: int) -> Given:
        if count not in self._given:
            batch = self._beside(count)
            with self._draws_put_back():
                self._given[count] = self.task.draw(batch, self.random("look", batch.size))
        given: Given = self._showing(self._given[count])
        return given

    def real_beside(self, count: int) -> Sample:
        sample: Sample = self._showing(self.task.real(self._beside(count)))
        return sample

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        key = (count, averaged)
        if key not in self._fakes:
            given = self.given(count)
            with self._draws_put_back():
                self._fakes[key] = generate(self.task, self.networks(averaged=averaged), given, count)
        sample: Sample = self._showing(self._fakes[key])
        return sample

    def verdicts(self, sample: Sample, given: Given) -> dict[str, Verdict]:
        answers = {}
        judges = {stake.view: stake.judge for stake in self._game.stage.stakes}
        networks = self.networks(averaged=False)
        with self._draws_put_back():
            for name, view in self.task.views(networks, sample, given).items():
                answer = networks[judges[name]](view.data, view.given)
                answers[name] = Verdict(answer) if isinstance(answer, Tensor) else answer
        return answers

    def written_on(self) -> bool:
        """True if someone has changed samples that were shown. They are forgotten then, and made anew for the next."""
        changed = any(version(tensor) != count for tensor, count in self._shown.values())
        if changed:
            for cache in (self._fakes, self._given, self._shown, self._kept):
                cache.clear()
            for key in [key for key in self._game.shared if f"/{SHOWN}" in key]:
                del self._game.shared[key]
        return changed

    def _showing(self, samples: Any) -> Any:
        """The samples, remembered as they are now."""
        for tensor in tensors_in(samples).values():
            self._shown.setdefault(id(tensor), (tensor, version(tensor)))
        return samples

    def random(self, name: str, rows: int) -> RowRandom:
        return self._game.stream(f"look/{name}").at(0, rows)

    def ledger(self) -> dict[str, float]:
        if self._ledger is None:
            self._ledger = self._game.ledger.read()
        return self._ledger

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        key = f"{self._game.stage.name}/{name}"
        if key not in self._game.shared:
            self._game.shared[key] = make()
        return self._game.shared[key]

    def this_tick(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def features(self, choice: FeatureChoice, name: str) -> Features:
        return self._game.watching.features(choice, self.task.makes()[name])

    def _beside(self, count: int) -> Batch:
        """Training samples that lend their conditions to the fakes; they come again if there are fewer."""
        batch: Batch = self.once(f"{SHOWN}beside/{count}", lambda: self._batch(count, held_out=False, cycle=True))
        return batch

    def _real(self, count: int, held_out: bool) -> Sample:
        with self._draws_put_back():
            return self.task.real(self._batch(count, held_out))

    def _draws_put_back(self) -> AbstractContextManager[None]:
        """For what networks, tasks and datasets draw: whoever asks for samples is not to blame for it."""
        device = self._game.place.device
        return torch.random.fork_rng([device] if device.type == "cuda" else [])

    def _batch(self, count: int, held_out: bool, *, cycle: bool = False) -> Batch:
        """A fixed random choice of samples; with `cycle`, samples come again where there are fewer than `count`."""
        place = self._game.place
        batches: dict[str, Any] = {}
        for name, key in self._game.stage.streams.items():
            dataset = self._game.datasets[key]
            source = (dataset.held_out if held_out else dataset.train).to(place.device)
            order = torch.randperm(len(source), generator=torch.Generator().manual_seed(0))
            chosen = order.repeat(-(-count // len(order)))[:count] if cycle else order[:count]
            rows = source.rows(chosen.to(place.device) if source.resident else chosen, None)
            batches[name] = Batch({key: own(place.bring(value)) for key, value in rows.items()}, len(chosen))
        return batches[""] if "" in batches else Batch(batches, batches[self._game.stage.counted].size)


def own(value: Any) -> Any:
    """A copy: what is shown must not be the dataset's memory."""
    return value.clone() if isinstance(value, Tensor) else value


def version(tensor: Tensor) -> int:
    """How often the tensor was changed in place; those made in inference mode are not counted."""
    return 0 if tensor.is_inference() else tensor._version


def generate(task: Any, networks: Networks, given: Given, count: int) -> Sample:
    """The samples made from `given`, in chunks that fit into memory."""
    parts = [
        task.generate(networks, {name: cut(value, start, count) for name, value in given.items()})
        for start in range(0, count, CHUNK)
    ]
    return parts[0] if len(parts) == 1 else {name: joined([each[name] for each in parts]) for name in parts[0]}


def cut(value: Any, start: int, count: int) -> Any:
    """One chunk's rows of a value that has a row per sample; what has none is passed whole."""
    if isinstance(value, Mapping):
        return {name: cut(each, start, count) for name, each in value.items()}
    rows = isinstance(value, Tensor | list) and len(value) == count
    return value[start : start + CHUNK] if rows else value


def joined(values: list[Any]) -> Any:
    """Chunks put together again."""
    if isinstance(values[0], Tensor):
        return torch.cat(values)
    if isinstance(values[0], Mapping):
        return {name: joined([each[name] for each in values]) for name in values[0]}
    return [item for value in values for item in value]


@contextmanager
def undisturbed(game: Game) -> Iterator[OpenLook]:
    """Look at the game: no gradients, evaluation mode, and afterwards every mode, buffer and random state as before."""
    with kept(), posed(game.players) as pose, torch.no_grad():
        yield OpenLook(game, pose)
