"""Whose fault it is when something is raised while plugins are called.

Nobody has to say who is being called. When something is raised, the components stand in the stack it went through, so
that naming the one at fault costs a round nothing.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from types import FrameType
from typing import Any, NamedTuple

from torch.nn import Module

from ganlab.answers import WrongAnswer
from ganlab.engine.game import Game
from ganlab.errors import GanlabError, PluginError
from ganlab.interfaces.dataset import Source


class Suspect(NamedTuple):
    """What may be at fault: the object, what to call it, and whether it is a stranger's and not ganlab's."""

    thing: Any
    name: str
    theirs: bool


MISCALLED = re.compile(r"([\w.<>]+)\(\) (takes|missing|got)")
"""How Python begins to say that a function does not take what it was given."""

REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
"""What the system refuses is not the plugin's fault."""


@contextmanager
def blamed_on(suspects: Callable[[], Iterable[Suspect]], when: Callable[[], str]) -> Iterator[None]:
    """Inside, what a stranger among the suspects raises becomes a `PluginError` that names it. What ganlab's own
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
        found = at_fault(suspects(), frames) or miscalled(suspects(), error)
        if found is None:
            raise
        raise PluginError(f"{found} {reason(error)}, {when()}; mend the plugin, or play without it") from error


def at_work(games: Sequence[Game], frame: FrameType | None) -> str | None:
    """The component of the games that a thread is in, if it is in one: `frame` is the innermost of its stack."""
    frames: list[FrameType] = []
    while frame is not None:
        frames.insert(0, frame)
        frame = frame.f_back
    return at_fault(suspects_in(games), frames, ours_too=True)


def at_fault(suspects: Iterable[Suspect], frames: list[FrameType], *, ours_too: bool = False) -> str | None:
    """Which suspect stands innermost in the stack, outermost frame first, and in which method. With `ours_too`,
    ganlab's own components count, which otherwise are never at fault."""
    known = {id(each.thing): each for each in suspects}
    for frame in reversed(frames):
        me = frame.f_locals.get("self")
        found = known.get(id(me))
        if found is None and isinstance(me, Source):
            found = Suspect(me, "a dataset", not is_ours(me))
        if found is not None and (found.theirs or ours_too):
            return f"{found.name} ({where_from(me)}{frame.f_code.co_qualname})"
    return None


def miscalled(suspects: Iterable[Suspect], error: BaseException) -> str | None:
    """Which suspect has a method that does not take what ganlab gives it: it is in no stack, having never begun."""
    said = MISCALLED.match(str(error)) if isinstance(error, TypeError) else None
    if said is not None:
        function = said[1]
        for thing, name, theirs in suspects:
            method = getattr(type(thing), function.rpartition(".")[2], None)
            if theirs and getattr(method, "__qualname__", "") == function:
                return f"{name} ({where_from(thing)}{function})"
    return None


def suspects_in(games: Sequence[Game]) -> Iterator[Suspect]:
    """Everything in the games that is called."""
    for game in games:
        for name, player in game.players.items():
            for network in (player.network, player.averaged):
                yield from modules_in(network, f"the network of player '{name}'")
        for name, dataset in game.datasets.items():
            yield suspect(dataset, f"dataset '{name}'" if name else "the dataset")
        for key, component in game.components().items():
            yield suspect(component, called(key))


def modules_in(network: Module, name: str) -> Iterator[Suspect]:
    """All modules of a network. A layer of torch's is of whoever put it there."""
    theirs = {"": True}
    for path, module in network.named_modules():
        of_torch = type(module).__module__.startswith("torch.")
        theirs[path] = theirs[path.rpartition(".")[0]] if of_torch else not is_ours(module)
        yield Suspect(module, name, theirs[path])


def suspect(thing: Any, name: str) -> Suspect:
    """The thing, called that."""
    return Suspect(thing, name, not is_ours(thing))


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
