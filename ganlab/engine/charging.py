"""What a player is charged in a turn: the adversarial loss on every view it has a stake in, and its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from ganlab.engine.blame import called
from ganlab.engine.guard import checked_cost
from ganlab.engine.phase import Charge, Stake
from ganlab.engine.turn import OpenTurn
from ganlab.interfaces.component import Component


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
                cost = mean(turn, charge.term.cost(turn), f"terms/{charge.name}", charge.term)
            costs.append(charged(turn, charge.name, cost, weight))
    if not costs:
        return None
    total = reduce(torch.add, costs)
    turn.record(f"cost/{turn.player}", total)
    return total


def discriminator_costs(turn: OpenTurn, stake: Stake) -> list[Tensor]:
    """What the judge pays for its verdicts on real data, on fakes, and on real data with the wrong condition.

    Of the real logits, of data as it is shown them, the mean sign is written down: r_t of arXiv:2006.06676, section 3.
    """
    costs = []
    mismatched = turn.views("mismatched") if stake.mismatched else {}
    share = stake.mismatched if stake.view in mismatched else 0.0
    fakes = turn.verdict("fake", stake.view).judgements
    reals = turn.verdict("real", stake.view).judgements
    for name, fake in fakes.items():
        weight = stake.judgements.get(name, 1.0)
        real = reals[name].float()
        real_cost, fake_cost = (lost(turn, stake, each) for each in stake.loss.discriminator(real, fake.float()))
        key = f"{stake.view}/{name}" if name else stake.view
        turn.record(f"sign-real/{key}", turn.mean(real.detach().sign()))
        costs.append(charged(turn, f"{key}/real", real_cost, weight * stake.real(turn.progress)))
        costs.append(charged(turn, f"{key}/fake", fake_cost, weight * stake.fake(turn.progress) * (1 - share)))
        if share:
            wrong = turn.verdict("mismatched", stake.view).judgements[name]
            _, wrong_cost = stake.loss.discriminator(real, wrong.float())
            weight *= stake.fake(turn.progress) * share
            costs.append(charged(turn, f"{key}/mismatched", lost(turn, stake, wrong_cost), weight))
    return costs


def generator_costs(turn: OpenTurn, stake: Stake) -> list[Tensor]:
    """What those the view is played against pay for the judge's verdicts on fakes."""
    costs = []
    reals: Mapping[str, Tensor] = turn.verdict("real", stake.view).judgements if stake.loss.compares else {}
    for name, fake in turn.verdict("fake", stake.view).judgements.items():
        real = reals[name].float() if stake.loss.compares else None
        cost = lost(turn, stake, stake.loss.generator(fake.float(), real))
        weight = stake.judgements.get(name, 1.0) * stake.generator(turn.progress)
        costs.append(
            charged(turn, f"{stake.view}/{name}/generator" if name else f"{stake.view}/generator", cost, weight)
        )
    return costs


def lost(turn: OpenTurn, stake: Stake, cost: Any) -> Tensor:
    """What the view's loss says it costs."""
    return mean(turn, cost, f"losses/{stake.view}", stake.loss)


def mean(turn: OpenTurn, cost: Any, key: str, charger: Component) -> Tensor:
    """The cost of the turn, from what the charger says that its samples cost. Raises `PluginError`."""
    return turn.mean(checked_cost(cost, turn.place.device, called(key), charger, turn.progress.round))


def charged(turn: OpenTurn, name: str, cost: Tensor, weight: float | Tensor) -> Tensor:
    """Record the cost raw, and weighted where that differs; return it weighted."""
    turn.record(f"cost/{name}", cost)
    if not isinstance(weight, Tensor) and weight == 1.0:
        turn.charged[name] = cost
        return cost
    weighted = turn.charged[name] = cost * weight
    turn.record(f"weighted/{name}", weighted)
    return weighted
