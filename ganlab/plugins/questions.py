"""A question to plugins: the first that has an answer is believed, one that fails is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ganlab.plugins.contract import guarded

if TYPE_CHECKING:
    import pluggy

    from ganlab.plugins.state import PluginState

T = TypeVar("T")


def answered(
    manager: pluggy.PluginManager, module: Any, state: PluginState, hook: str, given: Mapping[str, Any], kind: type[T]
) -> tuple[T | None, str]:
    """What one plugin answers to the question `hook`, one of `kind` or None, and what is wrong with it. What ours raise
    is raised."""
    for each in getattr(manager.hook, hook).get_hookimpls():
        if each.plugin is not module:
            continue
        ask = partial(each.function, *(given[name] for name in each.argnames))
        if state.builtin:
            return ask(), ""
        answer, problem = guarded(ask, state, f"{hook} of", f"{hook} raised ")
        if not problem and answer is not None and not isinstance(answer, kind):
            problem = f"{hook} returned a {type(answer).__name__}, expected a ganlab.{kind.__name__} or None"
        return (None, problem) if problem else (answer, "")
    return None, ""
