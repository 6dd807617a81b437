"""How a player moves: what it is charged, on what lies on the table, and one step of its optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from ganlab.engine.device import Place
from ganlab.engine.ledger import Ledger
from ganlab.engine.phase import Charge, Stage, Stake
from ganlab.engine.player import Player
from ganlab.engine.random import RowRandom
from ganlab.engine.table import Table
from ganlab.errors import DivergedError
from ganlab.interfaces.turn import Turn
from ganlab.values import Batch, Given, Progress, Sample, Side, Verdict, View, Views


class OpenTurn(Turn):
    """One player's turn on one table; everything is computed on first use."""

    def __init__(
        self,
        stage: Stage,
        table: Table,
        player: Player,
        makers: tuple[Player, ...],
        random: Callable[[str, int | None], RowRandom],
        place: Place,
        ledger: Ledger,
        progress: Progress,
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
        self._stakes = {each.view: each for each in stage.stakes}
        self._seen: dict[Side, Views] = {}
        self._changed: dict[tuple[Side, str], View] = {}
        self._verdicts: dict[tuple[Side, str], Verdict] = {}
        self._intermediates: dict[str, Any] = {}

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


def take_turn(player: Player, turns: Sequence[OpenTurn], charges: Sequence[Charge], place: Place) -> bool:
    """Charge the player on every part of the round's batch, then let it step. False if it was charged nothing."""
    player.forget_gradients()
    charged = False
    for turn in turns:
        with place.autocast():
            cost = total_cost(turn, charges)
        if cost is None:
            continue
        charged = True
        if place.device.type == "cpu" and not math.isfinite(cost.item()):
            raise DivergedError(
                f"the cost of player '{player.name}' is {cost.item()} in round {turn.progress.round}; "
                "lower its learning rate or add a penalty such as r1"
            )
        player.backward(cost if len(turns) == 1 else cost / len(turns))
    if charged:
        norm = player.step(turns[0].progress)
        if norm is not None:
            turns[0].record(f"gradient-norm/{player.name}", norm)
    return charged


def total_cost(turn: OpenTurn, charges: Sequence[Charge]) -> Tensor | None:
    """The weighted sum of all the player is charged now; None if that is nothing."""
    costs: list[Tensor] = []
    for stake in turn.stakes:
        if not stake.cadence.due(turn.progress):
            continue
        if turn.player != stake.judge:
            costs += generator_costs(turn, stake) if stake.generator(turn.progress) else []
        elif stake.real(turn.progress) or stake.fake(turn.progress):
            costs += discriminator_costs(turn, stake)
    for charge in charges:
        if charge.player == turn.player and charge.cadence.due(turn.progress):
            weight = charge.weight(turn.progress) * charge.cadence.every
            with turn.place.full_precision():
                cost = mean(charge.term.cost(turn))
            costs.append(charged(turn, charge.name, cost, weight))
    if not costs:
        return None
    total = reduce(torch.add, costs)
    turn.record(f"cost/{turn.player}", total)
    return total


def discriminator_costs(turn: OpenTurn, stake: Stake) -> list[Tensor]:
    """What the judge pays for its verdicts on real data, on fakes, and on real data with the wrong condition."""
    costs = []
    mismatched = turn.views("mismatched") if stake.mismatched else {}
    share = stake.mismatched if stake.view in mismatched else 0.0
    fakes = turn.verdict("fake", stake.view).judgements
    reals = turn.verdict("real", stake.view).judgements
    for name, fake in fakes.items():
        weight = stake.judgements.get(name, 1.0)
        real_cost, fake_cost = stake.loss.discriminator(reals[name].float(), fake.float())
        key = f"{stake.view}/{name}" if name else stake.view
        costs.append(charged(turn, f"{key}/real", mean(real_cost), weight * stake.real(turn.progress)))
        costs.append(charged(turn, f"{key}/fake", mean(fake_cost), weight * stake.fake(turn.progress) * (1 - share)))
        if share:
            wrong = turn.verdict("mismatched", stake.view).judgements[name]
            _, wrong_cost = stake.loss.discriminator(reals[name].float(), wrong.float())
            weight *= stake.fake(turn.progress) * share
            costs.append(charged(turn, f"{key}/mismatched", mean(wrong_cost), weight))
    return costs


def generator_costs(turn: OpenTurn, stake: Stake) -> list[Tensor]:
    """What those the view is played against pay for the judge's verdicts on fakes."""
    costs = []
    reals: Mapping[str, Tensor] = turn.verdict("real", stake.view).judgements if stake.loss.compares else {}
    for name, fake in turn.verdict("fake", stake.view).judgements.items():
        real = reals[name].float() if stake.loss.compares else None
        cost = mean(stake.loss.generator(fake.float(), real))
        weight = stake.judgements.get(name, 1.0) * stake.generator(turn.progress)
        costs.append(
            charged(turn, f"{stake.view}/{name}/generator" if name else f"{stake.view}/generator", cost, weight)
        )
    return costs


def charged(turn: OpenTurn, name: str, cost: Tensor, weight: float) -> Tensor:
    """Record the cost raw, and weighted where that differs; return it weighted."""
    turn.record(f"cost/{name}", cost)
    if weight == 1.0:
        return cost
    weighted = cost * weight
    turn.record(f"weighted/{name}", weighted)
    return weighted


def mean(cost: Tensor) -> Tensor:
    """The mean; over nothing (a view without rows) it is zero and not NaN."""
    return cost.mean() if cost.numel() else cost.sum()
