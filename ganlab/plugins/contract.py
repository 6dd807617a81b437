"""What a plugin owes ganlab, checked where it enters: hooks that exist, names that can be typed, factories to call."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pluggy

from ganlab import hookspecs
from ganlab.errors import nearest
from ganlab.plugins.discovery import Found
from ganlab.registry import Entry, one_line

KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def guarded(function: Callable[[], Any], notes: list[str], prefix: str) -> tuple[Any, str]:
    """What `function` returns, or a problem. It may neither print to our stdout nor end the process."""
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            return function(), ""
    except (Exception, SystemExit) as error:
        return None, prefix + one_line(error)
    finally:
        if printed.getvalue():
            notes.append(f"it printed {len(printed.getvalue())} characters, which were not shown")


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
