"""How a player moves: what it is charged, on what lies on the table, and one step of its optimiser."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from ganlab.engine.board import Mover, Notes
from ganlab.engine.device import Place
from ganlab.engine.phase import Stage
from ganlab.engine.table import Table
from ganlab.interfaces.random import Random
from ganlab.interfaces.turn import Turn
from ganlab.values import Batch, Given, Progress, Sample, Side, Verdict, View, Views


class OpenTurn(Turn):
    """One player's turn on one table; everything is computed on first use."""

    def __init__(
        self,
        stage: Stage,
        table: Table,
        player: Mover,
        makers: tuple[Mover, ...],
        random: Callable[[str, int | None], Random],
        place: Place,
        ledger: Notes,
        progress: Progress,
        mean: Callable[[Tensor], Tensor],
    ) -> None:
        self.player = player.name
        self.networks = table.networks
        self.random = random("terms", None)
        self.progress = progress
        self.stakes = [each for each in stage.stakes if player.name in (each.judge, *each.against)]
        self.judged = [each.view for each in stage.stakes if each.judge == player.name]
        self._stage = stage
        self._table = table
        self._makers = makers
        self._random = random
        self.place = place
        self._ledger = ledger
        self.mean = mean
        """The cost of the turn, from what its samples cost."""
        self._stakes = {each.view: each for each in stage.stakes}
        self._seen: dict[Side, Views] = {}
        self._changed: dict[tuple[Side, str], View] = {}
        self._verdicts: dict[tuple[Side, str], Verdict] = {}
        self._intermediates: dict[str, Any] = {}
        self._again = partial(OpenTurn, stage, table, player, makers, random, place, ledger, progress, mean)
        self.charged: dict[str, Tensor] = {}
        """What the player was charged so far, weighted, by name."""

    def again(self) -> OpenTurn:
        """The same turn before anything was computed, with its fakes to be made anew."""
        self._table.forget()
        return self._again()

    @property
    def batch(self) -> Batch:
        return self._table.batch

    @property
    def given(self) -> Given:
        return self._table.given

    @property
    def real(self) -> Sample:
        return self._table.real

    @property
    def fake(self) -> Sample:
        with self.place.autocast():
            return self._table.detached_fake(self._makers) if self.judged else self._table.live_fake(self._makers)

    def views(self, side: Side) -> Views:
        shown = self._shown(side)
        return {name: self._view(side, name) for name in shown if not self.judged or name in self.judged}

    def verdict(self, side: Side, view: str) -> Verdict:
        key = (side, view)
        if key not in self._verdicts:
            with self.place.autocast():
                self._verdicts[key] = self._judge(view, self._view(side, view))
        return self._verdicts[key]

    def judge(self, name: str, view: View) -> Verdict:
        with self.place.full_precision():
            return self._judge(name, view)

    def generate(self, given: Given) -> Sample:
        with self.place.full_precision():
            return self._stage.task.generate(self.networks, given)

    def intermediate(self, name: str) -> Any:
        if name not in self._intermediates:
            with self.place.autocast():
                self._intermediates[name] = self._stage.task.intermediate(name, self)
        return self._intermediates[name]

    def record(self, name: str, value: Tensor) -> None:
        self._ledger.record(name, value)

    def _shown(self, side: Side) -> Views:
        if side not in self._seen:
            task, table = self._stage.task, self._table
            if side != "mismatched":
                seen = task.views(table.networks, table.real if side == "real" else self.fake, table.given)
            else:  # a batch of one has no other row to take a wrong condition from
                alone = table.batch.size == 1
                seen = {} if alone else task.mismatched(table.networks, table.real, table.given)
            if strange := set(seen) - set(self._stakes):
                raise LookupError(f"the task shows views {sorted(strange)} that it did not show in the dry round")
            self._seen[side] = seen
        return self._seen[side]

    def _view(self, side: Side, name: str) -> View:
        """The view, augmented once."""
        key = (side, name)
        if key not in self._changed:
            view = self._shown(side)[name]
            for change in self._stage.changes:
                if change.view == name:
                    rows = None if view.rows is None else view.rows.shape[0]
                    view = change.augmentation.augment(view, side, self._random(f"{change.name}/{name}/{side}", rows))
            self._changed[key] = view
        return self._changed[key]

    def _judge(self, name: str, view: View) -> Verdict:
        answer = self.networks[self._stakes[name].judge](view.data, view.given)
        verdict = Verdict(answer) if isinstance(answer, Tensor) else answer
        if view.pooled and view.rows is not None:
            return pooled(verdict, view.rows, self._table.batch.size)
        return verdict


def pooled(verdict: Verdict, rows: Tensor, count: int) -> Verdict:
    """Logits (M,) summed over the rows of each of the `count` samples."""
    summed = {
        name: logits.new_zeros(count).index_add(0, rows, logits.reshape(-1))
        for name, logits in verdict.judgements.items()
    }
    return Verdict(summed[""] if set(summed) == {""} else summed, verdict.extras)
