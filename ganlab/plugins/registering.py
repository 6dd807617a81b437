"""What plugins register, and those who could not be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ganlab.plugins.contract import guarded

if TYPE_CHECKING:
    import pluggy

    from ganlab.plugins.state import PluginState


def registered(manager: pluggy.PluginManager, module: Any, state: PluginState, hook: str) -> Iterator[tuple[str, Any]]:
    """Names and factories that one plugin registers through `hook`; what is wrong becomes its problem."""
    for each in getattr(manager.hook, hook).get_hookimpls():
        if each.plugin is not module:
            continue
        found, problem = guarded(partial(registered_by, each.function), state, f"{hook} of", f"{hook} raised ")
        if found is not None and not isinstance(found, dict):
            problem = f"{hook} returned a {type(found).__name__}, expected a mapping from names to factories"
        elif found is None and not problem:
            problem = f"{hook} returned nothing, expected a mapping from names to factories"
        if problem:
            state.problems.append(problem)
        else:
            yield from (found or {}).items()


def registered_by(hook: Callable[[], Any]) -> Any:
    """What the hook registers, as a dict of its own, so that what a mapping does when it is read happens here."""
    registered = hook()
    return dict(registered) if isinstance(registered, Mapping) else registered


def unasked(states: Sequence[PluginState], kind: str) -> str:
    """Plugins that might have had a name of that kind, and why they could not be asked."""
    reasons = {state.origin: [*state.problems, *state.notes] for state in states if state.status != "loaded"}
    for state in states:
        if failures := [each for each in state.problems if each.startswith(f"ganlab_register_{kind} ")]:
            reasons.setdefault(state.origin, failures)
    lost = [f"{origin}: {'; '.join(each)}" for origin, each in reasons.items() if each]
    return f" These plugins could not be asked: {'. '.join(lost)}." if lost else ""
