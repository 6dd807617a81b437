"""Looking at the game without disturbing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import Module

from ganlab.engine.game import Game
from ganlab.engine.player import Player
from ganlab.engine.random import RowRandom
from ganlab.interfaces.look import Look
from ganlab.values import Batch, Given, Networks, Sample, Verdict

CHUNK = 256
"""Samples made at once: enough to be fast, few enough for memory."""


class OpenLook(Look):
    """The game at one tick. Make it inside `undisturbed(game)`."""

    def __init__(self, game: Game) -> None:
        self.progress = game.clock.progress
        self.task = game.stage.task
        self.dataset = game.dataset
        self._game = game
        self._fakes: dict[tuple[int, bool], Sample] = {}
        self._given: dict[int, Given] = {}
        self._ledger: dict[str, float] | None = None

    def networks(self, *, averaged: bool = True) -> Networks:
        return {name: player.averaged if averaged else player.network for name, player in self._game.players.items()}

    def real(self, count: int, *, held_out: bool = True) -> Sample:
        sample: Sample = self.once(f"real/{count}/{held_out}", lambda: self.task.real(self._batch(count, held_out)))
        return sample

    def given(self, count: int) -> Given:
        if count not in self._given:
            batch = self._beside(count)
            self._given[count] = self.task.draw(batch, self.random("look", batch.size))
        return self._given[count]

    def real_beside(self, count: int) -> Sample:
        return self.task.real(self._beside(count))

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        key = (count, averaged)
        if key not in self._fakes:
            self._fakes[key] = generate(self.task, self.networks(averaged=averaged), self.given(count), count)
        return self._fakes[key]

    def verdicts(self, sample: Sample, given: Given) -> dict[str, Verdict]:
        answers = {}
        judges = {stake.view: stake.judge for stake in self._game.stage.stakes}
        networks = self.networks(averaged=False)
        for name, view in self.task.views(networks, sample, given).items():
            answer = networks[judges[name]](view.data, view.given)
            answers[name] = Verdict(answer) if isinstance(answer, Tensor) else answer
        return answers

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

    def _beside(self, count: int) -> Batch:
        """Training samples that lend their conditions to the fakes; they come again if there are fewer."""
        batch: Batch = self.once(f"beside/{count}", lambda: self._batch(count, held_out=False, cycle=True))
        return batch

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
            batches[name] = Batch({key: place.bring(value) for key, value in rows.items()}, len(chosen))
        return batches[""] if "" in batches else Batch(batches, batches[self._game.stage.counted].size)


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
    with (
        posed(game.players),
        torch.random.fork_rng([game.place.device] if game.place.device.type == "cuda" else []),
        torch.no_grad(),
    ):
        yield OpenLook(game)


@contextmanager
def posed(players: Mapping[str, Player]) -> Iterator[None]:
    """Networks in the mode they are sampled in. 'train' mode moves buffers, so those are put back."""
    kept: list[tuple[Tensor, Tensor]] = []
    modes: list[tuple[Module, bool]] = []
    for player in players.values():
        for network in {id(each): each for each in (player.network, player.averaged)}.values():
            modes += [(module, module.training) for module in network.modules()]
            network.train(player.sampling_mode == "train")
            if network.training:
                kept += [(buffer, buffer.clone()) for buffer in network.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)
        for module, training in modes:
            module.training = training
