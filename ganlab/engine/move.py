"""One move of a player: it is charged on what lies before it, and steps, unless a number has stopped being finite."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ganlab.engine import distributed
from ganlab.engine.charging import total_cost
from ganlab.engine.device import Place
from ganlab.engine.finite import NotFinite, first_not_finite
from ganlab.engine.phase import Charge
from ganlab.engine.player import Player
from ganlab.engine.table import tensors_in
from ganlab.engine.turn import OpenTurn
from ganlab.errors import DataError, DivergedError, GanlabError
from ganlab.values import Batch, Progress


def take_turn(
    player: Player, turns: Sequence[OpenTurn], charges: Sequence[Charge], place: Place, *, measured: bool = False
) -> bool:
    """Charge the player on every part of the round's batch, then let it step. False if it was charged nothing.
    `measured` has it say how far it moves.

    Raises `DivergedError` before anything moves if a cost or a gradient is not finite, and `DataError` if the batch
    is to blame.
    """
    player.forget_gradients()
    looks = place.device.type == "cpu" and distributed.world_size() == 1  # with others, the averaged gradient tells all
    charged = False
    for turn in turns:
        with place.autocast():
            cost = total_cost(turn, charges)
        if cost is None:
            continue
        charged = True
        if looks and not math.isfinite(cost.item()):
            raise blamed(player, turn, f"the cost of player '{player.name}' is {cost.item()}", charges)
        player.backward(cost if len(turns) == 1 else cost / len(turns))
    if charged:
        try:
            step = player.step(turns[0].progress, measured=measured)
        except NotFinite as error:
            raise blamed(player, turns[0], f"{error} is not finite", charges) from None
        if step is not None:
            turns[0].record(f"gradient-norm/{player.name}", step.gradient_norm)
            if step.relative_move is not None:
                turns[0].record(f"update/{player.name}", step.relative_move)
    return charged


def blamed(player: Player, turn: OpenTurn, what: str, charges: Sequence[Charge]) -> GanlabError:
    """The error that says what is not finite, in which round, and which cost it comes from."""
    error = told_of(turn.batch, turn.charged, what, turn.progress)
    if isinstance(error, DivergedError) and all(math.isfinite(cost.item()) for cost in turn.charged.values()):
        cause = steepest(player, turn.again(), charges)
        return told_of(turn.batch, {}, what + (f" by {cause}" if cause else ""), turn.progress)
    return error


def told_of(batch: Batch, costs: Mapping[str, Tensor], what: str, progress: Progress) -> GanlabError:
    """The same, where a cost alone may tell the cause."""
    if (entry := first_not_finite(tensors_in(batch))) is not None:
        return DataError(
            f"'{entry}' of the real batch of round {progress.round} holds numbers that are not finite; "
            "mend the data, and resume"
        )
    cause = next((name for name, cost in costs.items() if not math.isfinite(cost.item())), None)
    told = f" by {cause}" if cause else ""
    return DivergedError(f"{what}{told} in round {progress.round}; lower its learning rate or add a penalty such as r1")


def steepest(player: Player, turn: OpenTurn, charges: Sequence[Charge]) -> str | None:
    """Plays the turn again, to find the first cost whose gradient is not finite; None if none is this time."""
    with turn.place.autocast():
        total_cost(turn, charges)
    parameters = list(player.parameters.values())
    for name, cost in turn.charged.items():
        if cost.requires_grad:
            found = torch.autograd.grad(cost, parameters, retain_graph=True, allow_unused=True)
            if first_not_finite({str(number): each for number, each in enumerate(found) if each is not None}):
                return name
    return None
