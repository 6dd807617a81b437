"""Whether what a checkpoint says, beside its weights, is something a game could have said.

A right hash tells that the file is as it was written, not that we wrote it. Counters, sums, actions and random states
steer loops, index tables and are handed to code that trusts them, so each is looked at before anything is given back.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard, get_type_hints

from torch import Tensor

from ganlab.answers import WrongAnswer, checked_actions
from ganlab.engine.container import one_line
from ganlab.engine.controls import KINDS
from ganlab.errors import CheckpointError

MOST = 2**62
"""No counter reaches it: a round of a nanosecond would take a century."""

PLAIN: Mapping[Any, Any] = {str: str, int: int, float: int | float}
"""What may stand for a kind of number, or text."""


def check_same_names(what: str, kept: Any, mine: Collection[str]) -> None:
    """Raise `CheckpointError` unless the table `kept` has the keys `mine`."""
    table(what, kept)
    if set(kept) != set(mine):
        theirs = ", ".join(sorted(map(str, kept)))
        raise CheckpointError(f"the checkpoint has {what} {one_line(theirs)}, the recipe {', '.join(sorted(mine))}")


def check_players(players: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` unless each has tables of weights and of what its optimiser remembers."""
    for name, player in players.items():
        table(f"player '{name}'", player)
        for part in ("network", "optimizer", *(["average"] if player["average"] is not None else [])):
            table(f"{part} of player '{name}'", player[part])
        for parameter, memory in player["optimizer"].items():
            table(f"memory of {one_line(parameter)}", memory)


def check_components(states: Any) -> None:
    """Raise `CheckpointError` unless each state is a table."""
    for name, state in table("components", states).items():
        table(f"state of {one_line(name)}", state)


def check_record(state: Any) -> None:
    """Raise `CheckpointError` unless it says how long a run took, and has a table for each reporter."""
    seconds = table("record", state)["seconds"]
    if not is_finite(seconds) or seconds < 0:
        raise strange("seconds", seconds, "a time")
    for name, reporter in table("reporters", state["reporters"]).items():
        table(f"state of reporter {one_line(name)}", reporter)


def check_clock(clock: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise `CheckpointError` unless each name stands for a count, and no tick came after the last sample."""
    for name in names:
        count(f"clock '{name}'", clock[name])
    if clock["last_tick"] > clock["samples"]:
        raise strange("last tick", clock["last_tick"], f"one before sample {clock['samples']}")


def check_streams(positions: Mapping[str, Any]) -> None:
    """Raise `CheckpointError` unless each position is a count."""
    for name, position in positions.items():
        count(f"position of stream '{one_line(name)}'", position)


def check_ledger(ledger: Any) -> None:
    """Raise `CheckpointError` unless each entry is a sum, a count, and perhaps what is not yet summed."""
    for name, entry in table("ledger", ledger).items():
        what = f"ledger's '{one_line(name)}'"
        if not isinstance(name, str) or not isinstance(entry, list | tuple) or len(entry) not in (2, 3):
            raise strange(what, entry, "a sum, a count and a list")
        total, number, fresh = (*entry, None)[:3]
        count(what, number)
        summed = number == 0 if total is None else _real(total) and total.dim() == 0 and number > 0
        if not summed or not (fresh is None or (_real(fresh) and fresh.dim() > 0 and fresh.numel() > 0)):
            raise strange(what, entry, "a sum, a count and a list")


def check_actions(actions: Any) -> None:
    """Raise `CheckpointError` unless each is an action that an intervention could have asked for."""
    if not isinstance(actions, list | tuple):
        raise strange("actions", actions, "a list")
    for kept in actions:
        kind = KINDS.get(str(table("action", kept).get("kind")))
        options = {name: value for name, value in kept.items() if name != "kind"}
        hints = {} if kind is None else get_type_hints(kind)
        if kind is None or set(options) != set(hints):
            raise strange("action", kept, f"one of {', '.join(KINDS)}")
        for name, value in options.items():
            if not isinstance(value, PLAIN[hints[name]]) or isinstance(value, bool):
                raise strange(f"{name} of a {kind.__name__}", value, f"a {hints[name].__name__}")
        try:
            checked_actions([kind(**options)])
        except WrongAnswer as error:
            raise CheckpointError(f"the checkpoint {one_line(error)}; take another checkpoint") from None


def check_words(what: str, words: Any) -> None:
    """Raise `CheckpointError` unless it is a list of words."""
    if not isinstance(words, list | tuple) or not all(isinstance(each, str) for each in words):
        raise strange(what, words, "a list of words")


def check_factor(player: str, factor: Any) -> None:
    """Raise `CheckpointError` unless it is something to multiply a learning rate by."""
    if not is_finite(factor):
        raise strange(f"learning rate's factor of player '{player}'", factor, "a finite number")


def table(what: str, value: Any) -> Mapping[Any, Any]:
    """The value, which is a table. Raises `CheckpointError`."""
    if not isinstance(value, dict):
        raise strange(what, value, "a table")
    return value


def count(what: str, value: Any) -> int:
    """The value, which is a whole number from 0 on. Raises `CheckpointError`."""
    if not is_whole(value, MOST):
        raise strange(what, value, "a count")
    return int(value)


def is_finite(value: Any) -> TypeGuard[float]:
    """True for a finite number."""
    if isinstance(value, float):
        return math.isfinite(value)
    return is_whole(value, MOST, -MOST)


def is_whole(value: Any, most: int, least: int = 0) -> TypeGuard[int]:
    """True for a whole number between these; `True` is none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _real(value: Any) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and not value.is_complex()


def strange(what: str, value: Any, expected: str) -> CheckpointError:
    """The error that says so."""
    told = f"a {type(value).__name__}" if isinstance(value, Tensor | list | dict | tuple) else one_line(repr(value), 60)
    return CheckpointError(f"the checkpoint's {what} is {told}, expected {expected}; take another checkpoint")
