"""What a plugin may do to a run: a watcher or reporter that fails is switched off, and whoever the game cannot do
without ends it with a line that names the plugin, the method and the round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor

from ganlab.answers import checked_state, kind
from ganlab.calling import apart
from ganlab.engine.blame import at_work, blamed_on, called, reason, suspects_in, where_from
from ganlab.engine.game import Game
from ganlab.errors import DataError, PluginError, RecipeError
from ganlab.interfaces.component import Component
from ganlab.watchdog import alive

T = TypeVar("T")

log = logging.getLogger("ganlab")


def quietly(
    silenced: set[str],
    who: str,
    ask: Callable[[], T],
    nothing: T,
    tell: Callable[[str], None],
    *,
    passes: tuple[type[Exception], ...] = (RecipeError, DataError),
    slow: bool = False,
) -> T:
    """What `ask` returns. If it raises anything but `passes`, `nothing`: then `who` joins the `silenced`, who are not
    asked again, and `tell` is told why. `slow` lets it take an hour.

    Whatever it changes of what everybody shares is put back. An interruption is nobody's failure and goes through.
    """
    if who in silenced:
        return nothing
    try:
        with apart(who, slow=slow):
            return ask()
    except passes:
        raise
    except (Exception, SystemExit) as error:
        silenced.add(who)
        tell(f"{who} {reason(error)}; it is off for the rest of the run")
        return nothing


@contextmanager
def blaming(games: Sequence[Game]) -> Iterator[None]:
    """Inside, games are played: they may not stand still for long, and who of them fails is named, with the round."""
    with (
        alive(lambda: sum(each.clock.turns for each in games), lambda frame: at_work(games, frame)),
        blamed_on(lambda: suspects_in(games), lambda: f"in round {games[0].clock.round}; the last checkpoint is whole"),
    ):
        yield


def state_of(silenced: set[str], key: str, component: Component) -> dict[str, Any] | None:
    """What a component has to remember, as a checkpoint can hold it; None for a watcher that is off, or cannot say and
    is off from now on.

    Raises `PluginError` for a component the game cannot do without.
    """
    who = called(key)
    if key.startswith(("diagnostics/", "monitors/")):
        return quietly(silenced, who, lambda: checked_state(component.state()), None, log_warning, passes=())
    try:
        return checked_state(component.state())
    except (Exception, SystemExit) as error:
        raise PluginError(f"{who} ({where_from(component)}state) {reason(error)}; tell its author") from error


def log_warning(sentence: str) -> None:
    """For what happens where no finding can be told."""
    log.warning("%s", sentence)


def checked_cost(cost: Any, device: torch.device, who: str, charger: Component, number: int) -> Tensor:
    """A cost as a plugin may charge it: floating-point numbers on the game's device, or one anywhere. Raises
    `PluginError`, which names the charger and the round of that number."""
    if isinstance(cost, Tensor) and cost.is_floating_point() and (cost.device == device or not cost.dim()):
        return cost
    told = f"{cost.dtype} of shape {tuple(cost.shape)} on {cost.device}" if isinstance(cost, Tensor) else kind(cost)
    raise PluginError(
        f"{who} ({where_from(charger)}{type(charger).__qualname__}) charged {told} in round {number}, "
        f"expected floating-point numbers on {device}; mend the plugin, or play without it"
    )
