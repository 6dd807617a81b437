"""Monitors: what is said of the measurements, in plain words. They never touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.monitors.lost_coverage import LostCoverage
from ganlab.builtin.monitors.never_covered import NeverCovered


@ganlab.hookimpl
def ganlab_register_monitors() -> Mapping[str, Callable[..., ganlab.Monitor]]:
    """The built-in monitors by name."""
    return {"lost-coverage": LostCoverage, "never-covered": NeverCovered}
