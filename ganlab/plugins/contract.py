"""What a plugin owes ganlab, checked where it enters: hooks that exist, names that can be typed, factories to call."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from ganlab import hookspecs
from ganlab.calling import listed
from ganlab.errors import nearest
from ganlab.plugins.discovery import Found
from ganlab.plugins.state import PluginState
from ganlab.registry import Entry, one_line
from ganlab.surroundings import kept
from ganlab.watchdog import watched

T = TypeVar("T")

PUT_BACK = ", which is put back"
"""How a note ends on what a plugin changed of what everybody shares."""

KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def guarded(function: Callable[[], T], state: PluginState, doing: str, prefix: str = "") -> tuple[T | None, str]:
    """What `function` returns, or a problem. What is a stranger's may neither print to our stdout, nor end the process,
    nor change what everybody shares, nor take for ever. `doing` is what is going on: "importing"."""
    if state.builtin:
        around: AbstractContextManager[None] = nullcontext()
    else:
        around = visited(state, f"{doing} {state.origin}")
    try:
        with around:
            return function(), ""
    except (Exception, SystemExit) as error:
        return None, prefix + one_line(error)


@contextmanager
def visited(state: PluginState, doing: str) -> Iterator[None]:
    """Inside, a stranger's code runs. What it did beside its work is noted."""
    printed = StringIO()
    changed: list[str] = []
    try:
        with watched(doing), kept() as changed, silent_output(), redirect_stdout(printed):
            yield
    finally:
        if printed.getvalue():
            note(state, f"it printed {len(printed.getvalue())} characters, which were not shown")
        if changed:
            note(state, f"it changed {listed(changed)}{PUT_BACK}")


def note(state: PluginState, words: str) -> None:
    """Keep the note, once."""
    if words not in state.notes:
        state.notes.append(words)


@contextmanager
def silent_output() -> Iterator[None]:
    """Inside, what is written to the process's stdout past Python goes nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    try:
        ours, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is no stdout to be kept clean
        yield
        return
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        with suppress(Exception):  # what C has not written yet must not come out later
            import ctypes

            ctypes.CDLL(None).fflush(None)
        os.dup2(ours, 1)
        os.close(ours)
        os.close(nowhere)


def full_name(found: Found) -> str:
    """What pluggy knows a plugin by: two distributions may use one name."""
    return f"{found.origin.distribution}:{found.origin.plugin}"


def register(manager: pluggy.PluginManager, plugin: Any, found: Found) -> list[str]:
    """Register one plugin with pluggy. Returns what is wrong with its hooks."""
    manager.register(plugin, name=full_name(found))
    callers = manager.get_hookcallers(plugin) or []
    known = [hook for hook in vars(hookspecs) if hook.startswith("ganlab_")]
    implemented = {caller.name for caller in callers}
    unknown = [caller.name for caller in callers if not caller.has_spec()]
    unmarked = [hook for hook in known if hook not in implemented and callable(getattr(plugin, hook, None))]
    wrapping = [
        caller.name
        for caller in callers
        for each in caller.get_hookimpls()
        if each.plugin is plugin and (each.wrapper or each.hookwrapper)
    ]
    if not callers and not unmarked:
        return ["it implements no hook of ganlab: mark its functions with @ganlab.hookimpl"]
    return [
        *(f"it implements '{hook}', which is no hook of ganlab.{nearest(hook, known)}" for hook in unknown),
        *(f"its '{hook}' is not marked: write @ganlab.hookimpl above it" for hook in unmarked),
        *(f"its '{hook}' wraps others' hooks, which no plugin may" for hook in wrapping),
    ]


def fault(entry: Entry[Any]) -> str:
    """Why an entry cannot be used, or ""."""
    if not isinstance(entry.name, str) or not KEBAB_CASE.fullmatch(entry.name):
        return f"{entry}: a name is lower-case words joined by hyphens, such as 'two-words'"
    if entry.kind == "recipes":
        return "" if isinstance(entry.factory, Path) else f"{entry}: a {type(entry.factory).__name__}, expected a Path"
    if not callable(entry.factory):
        return f"{entry}: its factory is a {type(entry.factory).__name__}, which cannot be called"
    return ""
