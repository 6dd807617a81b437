"""What a plugin may do to a run: a watcher or reporter that fails is switched off, and whoever the game cannot do
without ends it with a line that names the plugin, the method and the round.

Nobody has to say who is being called. When something is raised, the components stand in the stack it went through, so
that naming the one at fault costs a round nothing.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.nn import Module

from ganlab.answers import WrongAnswer, checked_state, kind
from ganlab.calling import apart
from ganlab.engine.game import Game
from ganlab.errors import DataError, GanlabError, PluginError, RecipeError
from ganlab.interfaces.component import Component
from ganlab.interfaces.dataset import Source
from ganlab.watchdog import alive

T = TypeVar("T")

log = logging.getLogger("ganlab")

Suspects = dict[int, tuple[str, bool]]
"""What may stand in a stack, by identity: what to call it, and whether it is a stranger's and not ganlab's."""

REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""What the system refuses is not the plugin's fault."""


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
        blamed_on(lambda: suspects(games), lambda: f"in round {games[0].clock.round}; the last checkpoint is whole"),
    ):
        yield


@contextmanager
def blamed_on(known: Callable[[], Suspects], when: Callable[[], str]) -> Iterator[None]:
    """Inside, what a stranger among the known raises becomes a `PluginError` that names it. What ganlab's own
    components raise is a mistake of ours and goes through, as do a full disk and a lack of memory."""
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, GanlabError) or refused(error):
            raise
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(trace.tb_frame)
            trace = trace.tb_next
        found = at_fault(known(), frames)
        if found is None:
            raise
        raise PluginError(f"{found} {reason(error)}, {when()}; mend the plugin, or play without it") from error


def at_work(games: Sequence[Game], frame: FrameType | None) -> str | None:
    """The component of the games that a thread is in, if it is in one: `frame` is the innermost of its stack."""
    frames: list[FrameType] = []
    while frame is not None:
        frames.insert(0, frame)
        frame = frame.f_back
    return at_fault(suspects(games), frames, ours_too=True)


def at_fault(known: Suspects, frames: list[FrameType], *, ours_too: bool = False) -> str | None:
    """Which of the known stands innermost in the stack, outermost frame first, and in which method. With `ours_too`,
    ganlab's own components count, which otherwise are never at fault."""
    for frame in reversed(frames):
        me = frame.f_locals.get("self")
        nobody = ("a dataset", not is_ours(me)) if isinstance(me, Source) else ("", False)
        name, theirs = known.get(id(me), nobody)
        if name and (theirs or ours_too):
            return f"{name} ({where_from(me)}{frame.f_code.co_qualname})"
    return None


def suspects(games: Sequence[Game]) -> Suspects:
    """Everything in the games that is called."""
    found: Suspects = {}
    for game in games:
        for name, player in game.players.items():
            for network in (player.network, player.averaged):
                add_modules(found, f"the network of player '{name}'", network)
        for name, dataset in game.datasets.items():
            found[id(dataset)] = (f"dataset '{name}'" if name else "the dataset", not is_ours(dataset))
        for key, component in game.components().items():
            found[id(component)] = (called(key), not is_ours(component))
    return found


def add_modules(found: Suspects, name: str, module: Module, theirs: bool = True) -> None:
    """All modules of a network. A layer of torch's is of whoever put it there."""
    if not type(module).__module__.startswith("torch."):
        theirs = not is_ours(module)
    found[id(module)] = (name, theirs)
    for child in module.children():
        if id(child) not in found:
            add_modules(found, name, child, theirs)


def is_ours(thing: Any) -> bool:
    """True for what comes with ganlab."""
    return type(thing).__module__.startswith("ganlab.")


SINGULAR = {
    "losses": "the loss of view",
    "terms": "term",
    "augmentations": "augmentation",
    "diagnostics": "diagnostic",
    "monitors": "monitor",
    "interventions": "intervention",
}


def called(key: str) -> str:
    """A component as a person calls it: "term 'r1'" for "stages/0/terms/r1"."""
    parts = key.split("/")
    group, *names = parts[2:] if parts[0] == "stages" else parts
    return f"{SINGULAR[group]} '{names[0]}'" if names else f"the {group}"


def where_from(thing: Any) -> str:
    """ "ganlab-cubic 0.1, " for what comes from an installed plugin, "" for what does not."""
    package = type(thing).__module__.partition(".")[0]
    for each in entry_points(group="ganlab"):
        with suppress(Exception):  # metadata may be in any state, and this is said in passing
            if each.module.partition(".")[0] == package and each.dist is not None:
                return f"{each.dist.name} {each.dist.version}, "
    return ""


def reason(error: BaseException) -> str:
    """What went wrong, on one line: "raised ValueError: no luck", "answered a list, expected a mapping"."""
    text = " ".join(str(error).split())[:500]
    if isinstance(error, WrongAnswer):
        return text
    return f"raised {type(error).__name__}{': ' if text else ''}{text}"


def refused(error: BaseException) -> bool:
    """True if it comes from a system without room or memory."""
    each: BaseException | None = error
    for _ in range(20):
        if each is None:
            return False
        if isinstance(each, MemoryError) or (isinstance(each, OSError) and each.errno in REFUSALS):
            return True
        if isinstance(each, RuntimeError) and "memory" in str(each).lower():
            return True
        each = each.__cause__ or each.__context__
    return False


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
