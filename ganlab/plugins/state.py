"""What is known of one installed plugin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ganlab.registry import Origin

Status = Literal["loaded", "not loaded", "broken"]


@dataclass
class PluginState:
    """What is known of one installed plugin.

    `broken` means that nothing of it can be used. A loaded plugin may have `problems` too: those of single names.
    """

    name: str
    distribution: str
    version: str
    builtin: bool
    status: Status = "not loaded"
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    provides: dict[str, list[str]] = field(default_factory=dict)
    observes: list[str] = field(default_factory=list)

    @property
    def error(self) -> str:
        """All problems in one line; empty if there are none."""
        return "; ".join(self.problems)

    @property
    def origin(self) -> Origin:
        """Where its registrations come from."""
        return Origin(self.name, self.distribution, self.version, self.builtin)
