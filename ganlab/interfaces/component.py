"""What every plugin class can do beside its work: carry state through a checkpoint.

Three instances: a monitor remembers the best value it saw, an image pool remembers past fakes, a loss remembers
nothing. State is a tree of numbers, strings, lists, dicts and tensors; whatever it leaves out is lost at a resume.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Component:
    """Something a recipe names. Keyword parameters of its constructor are the options a recipe may give;
    positional-only parameters, where an interface has them, are what ganlab hands in."""

    def state(self) -> Mapping[str, Any]:
        """What must survive a restart; nothing by default."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state()` returned."""
