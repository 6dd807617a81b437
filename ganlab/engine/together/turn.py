"""One game's part of a turn that all take together, for what has to be asked about each game alone."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor

from ganlab.engine.game import Game
from ganlab.engine.together.rows import JointRandom, own_rows
from ganlab.interfaces.turn import Turn
from ganlab.values import Batch, Given, Networks, Sample, Side, Verdict, View, Views


class OwnTurn(Turn):
    """The rows of the turn that belong to one of `count` games, and its own networks."""

    def __init__(self, turn: Turn, game: Game, networks: Networks, number: int, count: int) -> None:
        self.player = turn.player
        self.networks = networks
        self.random = cast(JointRandom, turn.random).parts[number]
        self.progress = turn.progress
        self._turn = turn
        self._game = game
        self._judges = {stake.view: stake.judge for stake in game.stage.stakes}
        self._number = number
        self._count = count
        self._intermediates: dict[str, Any] = {}

    @property
    def batch(self) -> Batch:
        batch: Batch = self._own(self._turn.batch)
        return batch

    @property
    def given(self) -> Given:
        given: Given = self._own(self._turn.given)
        return given

    @property
    def real(self) -> Sample:
        sample: Sample = self._own(self._turn.real)
        return sample

    @property
    def fake(self) -> Sample:
        sample: Sample = self._own(self._turn.fake)
        return sample

    def views(self, side: Side) -> Views:
        views: Views = self._own(self._turn.views(side))
        return views

    def verdict(self, side: Side, view: str) -> Verdict:
        verdict = self._turn.verdict(side, view)
        return Verdict(self._own(verdict.logits), self._own(verdict.extras))

    def judge(self, name: str, view: View) -> Verdict:
        answer = self.networks[self._judges[name]](view.data, view.given)
        return Verdict(answer) if isinstance(answer, Tensor) else answer

    def generate(self, given: Given) -> Sample:
        return self._game.stage.task.generate(self.networks, given)

    def intermediate(self, name: str) -> Any:
        if name not in self._intermediates:
            self._intermediates[name] = self._game.stage.task.intermediate(name, self)
        return self._intermediates[name]

    def record(self, name: str, value: Tensor) -> None:
        self._game.ledger.record(name, value)

    def _own(self, value: Any) -> Any:
        return own_rows(value, self._number, self._count)
