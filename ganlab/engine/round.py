"""One round: whose turn comes when, on which batch and which fake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from ganlab.engine import distributed
from ganlab.engine.board import Board, Mover
from ganlab.engine.table import Table
from ganlab.engine.turn import OpenTurn
from ganlab.interfaces.random import Random
from ganlab.values import Batch

M = TypeVar("M", bound=Mover)


class Round(Generic[M]):
    """The phases due now, turn by turn. Each turn is offered as one open turn per part of the batch."""

    def __init__(self, game: Board[M]) -> None:
        self._game = game
        self._stage = game.stage
        self._progress = game.clock.progress
        self._moves = [
            (phase, turn)
            for phase in self._stage.phases
            if phase.cadence.due(self._progress)
            for turn in range(phase.turns)
        ]
        judges = {stake.judge for stake in self._stage.stakes}
        self._generating = {phase.player for phase in self._stage.phases} - judges
        self._tables: list[Table] = []

    def turns(self) -> Iterator[tuple[M, list[OpenTurn]]]:
        """Whose turn it is, and what lies before them. The round counts even if no phase is due."""
        game = self._game
        self._deal()
        for number, (phase, _) in enumerate(self._moves):
            if number and phase.fresh_batch:
                self._deal()
            elif number and phase.fresh_fake:
                self._draw_again()
            player = game.players[phase.player]
            makers = self._makers(number)
            yield player, [self._open(part, player, makers) for part in range(len(self._tables))]
            game.clock.turns += 1

    def stepped(self, player: M) -> None:
        """The player has moved: drop what it had a part in making."""
        for table in self._tables:
            table.moved(player.name)

    def _open(self, part: int, player: M, makers: tuple[M, ...]) -> OpenTurn:
        game = self._game
        place = game.clock.turns

        def random(purpose: str, rows: int | None) -> Random:
            stream = game.stream(purpose)
            return self._rows(stream.at, place, part) if rows is None else stream.at(place, rows)

        return OpenTurn(
            self._stage, self._tables[part], player, makers, random, game.place, game.ledger, self._progress, game.mean
        )

    def _makers(self, number: int) -> tuple[M, ...]:
        """The player that will next learn from the present fake: made with its graph now, it need not be made twice."""
        for later, (phase, _) in enumerate(self._moves[number:]):
            if later and (phase.fresh_batch or phase.fresh_fake):
                break
            if phase.player in self._generating:
                return (self._game.players[phase.player],)
        return ()

    def _deal(self) -> None:
        """A fresh batch, cut into the parts of the accumulation."""
        game, stage = self._game, self._stage
        batches = {name: game.streams[key].take() for name, key in stage.streams.items()}
        counted = game.streams[stage.streams[stage.counted]]
        batch = batches[""] if "" in batches else Batch(batches, batches[stage.counted].size)
        game.clock.samples += counted.batch_size
        self._place = game.clock.draws
        game.clock.draws += 1
        parts = [part(batch, number, game.accumulate) for number in range(game.accumulate)]
        self._sizes = [each.size for each in parts]
        own = sum(self._sizes)
        self._first, self._total = distributed.rank() * own, distributed.world_size() * own
        self._tables = [
            Table(stage.task, game.networks, each, self._rows(game.draws.at, self._place, number))
            for number, each in enumerate(parts)
        ]

    def _draw_again(self) -> None:
        """Fresh latents for the batch that lies there."""
        self._place = self._game.clock.draws
        self._game.clock.draws += 1
        for number, table in enumerate(self._tables):
            table.draw_again(self._rows(self._game.draws.at, self._place, number))

    def _rows(self, at: Any, place: int, part: int) -> Random:
        """Draws for one part's rows of the whole batch, over processes and parts."""
        first = self._first + sum(self._sizes[:part])
        drawn: Random = at(place, self._sizes[part], self._total, first)
        return drawn


def part(batch: Batch, number: int, count: int) -> Batch:
    """The number-th of `count` equal parts of the batch."""
    if count == 1:
        return batch
    size = batch.size // count

    def cut(value: Any) -> Any:
        return part(value, number, count) if isinstance(value, Batch) else value[number * size : (number + 1) * size]

    return Batch({name: cut(value) for name, value in batch.items()}, size)
