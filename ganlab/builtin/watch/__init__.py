"""The built-in watch: diagnostics that measure, monitors that judge, an intervention that stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.watch.balance import Balance
from ganlab.builtin.watch.coverage import Coverage
from ganlab.builtin.watch.lost_coverage import LostCoverage
from ganlab.builtin.watch.modes import Modes
from ganlab.builtin.watch.never_covered import NeverCovered
from ganlab.builtin.watch.stop import StopOnFinding


@ganlab.hookimpl
def ganlab_register_diagnostics() -> Mapping[str, Callable[..., ganlab.Diagnostic]]:
    """The built-in diagnostics by name."""
    return {"balance": Balance, "coverage": Coverage, "modes": Modes}


@ganlab.hookimpl
def ganlab_register_monitors() -> Mapping[str, Callable[..., ganlab.Monitor]]:
    """The built-in monitors by name."""
    return {"lost-coverage": LostCoverage, "never-covered": NeverCovered}


@ganlab.hookimpl
def ganlab_register_interventions() -> Mapping[str, Callable[..., ganlab.Intervention]]:
    """The built-in interventions by name."""
    return {"stop": StopOnFinding}
