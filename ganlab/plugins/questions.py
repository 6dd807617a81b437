"""A question to plugins: the first that has an answer is believed, one that fails is passed over."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.interfaces.data_report import DataReport
from ganlab.plugins.contract import guarded

if TYPE_CHECKING:
    import pluggy

    from ganlab.plugins.state import PluginState

HOOK = "ganlab_check_data"


def check_data(
    manager: pluggy.PluginManager, module: Any, state: PluginState, path: Path
) -> tuple[DataReport | None, str]:
    """What one plugin answers, a `DataReport` or None, and what is wrong with it. What ours raise is raised."""
    for each in getattr(manager.hook, HOOK).get_hookimpls():
        if each.plugin is not module:
            continue
        ask = partial(each.function, *([path] * len(each.argnames)))
        if state.builtin:
            return ask(), ""
        answer, problem = guarded(ask, state, f"{HOOK} of", f"{HOOK} raised ")
        if not problem and answer is not None and not isinstance(answer, DataReport):
            problem = f"{HOOK} returned a {type(answer).__name__}, expected a ganlab.DataReport or None"
        return (None, problem) if problem else (answer, "")
    return None, ""
