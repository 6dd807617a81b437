"""Calls the observer hooks of the plugins that a recipe names, and of no others.

An observer changes nothing, so a run does not end because of one: an observer that raises is reported once, switched
off and counted. What it changes of what everybody shares is put back. One that does not come back ends the process.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from ganlab.calling import apart
from ganlab.registry import Origin, one_line

if TYPE_CHECKING:
    import pluggy

    from ganlab.interfaces.reporter import RunInfo
    from ganlab.values import Action, Finding, Outcome, Tick

HOOKS = ("ganlab_run_started", "ganlab_tick", "ganlab_finding", "ganlab_action", "ganlab_run_ended")


class Observers:
    """One method per observer hook, named like it. `report` is told, in one line, of an observer that fails."""

    def __init__(
        self,
        manager: pluggy.PluginManager,
        observers: Sequence[tuple[Origin, Any]],
        report: Callable[[str], None] | None = None,
    ) -> None:
        self._manager = manager
        self._observers = list(observers)
        self._report = report or warn
        self.switched_off: dict[str, str] = {}
        """Why, by plugin."""

    def ganlab_run_started(self, *, run: RunInfo) -> None:
        self._call("ganlab_run_started", run=run)

    def ganlab_tick(self, *, run: RunInfo, tick: Tick) -> None:
        self._call("ganlab_tick", run=run, tick=tick)

    def ganlab_finding(self, *, run: RunInfo, finding: Finding) -> None:
        self._call("ganlab_finding", run=run, finding=finding)

    def ganlab_action(self, *, run: RunInfo, action: Action) -> None:
        self._call("ganlab_action", run=run, action=action)

    def ganlab_run_ended(self, *, run: RunInfo, outcome: Outcome) -> None:
        self._call("ganlab_run_ended", run=run, outcome=outcome)

    def _call(self, hook: str, **arguments: Any) -> None:
        implementations = getattr(self._manager.hook, hook).get_hookimpls()
        for origin, plugin in self._observers:
            for each in implementations:
                if each.plugin is not plugin or origin.plugin in self.switched_off:
                    continue
                try:
                    # stdout is for the run's own lines, which programs read.
                    with apart(f"{hook} of {origin}"), redirect_stdout(sys.stderr):
                        each.function(*(arguments[name] for name in each.argnames))
                except (Exception, SystemExit) as error:
                    reason = f"{hook} raised {one_line(error)}"
                    self.switched_off[origin.plugin] = reason
                    self._report(f"{origin}: {reason}; it is switched off and the run goes on")


def warn(message: str) -> None:
    """A warning that points at no line of ours."""
    warnings.warn(message, RuntimeWarning, stacklevel=2)
