"""What every plugin class can do beside its work: carry state through a checkpoint.

Three instances: a monitor remembers the best value it saw, an image pool remembers past fakes, a loss remembers
nothing. State is a tree of numbers, strings, lists, dicts and tensors; whatever it leaves out is lost at a resume.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Component:
    """Something a recipe names. Keyword parameters of its constructor are the options a recipe may give;
    positional-only parameters, where an interface has them, are what ganlab hands in."""

    per_sample: ClassVar[bool] = False
    """A promise of a task, loss, term or augmentation: a row for each sample goes in and comes out, costs (N, ...)
    too; each depends on its own sample alone, and nothing is remembered. Seeds that are played together then ask it
    once for the samples of all, and not once each. (So may a network's class, if it is its children in a row.)"""

    def state(self) -> Mapping[str, Any]:
        """What must survive a restart; nothing by default."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state()` returned."""
