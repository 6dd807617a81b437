"""Diagnostics: what is measured at ticks. They never judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.diagnostics.balance import Balance
from ganlab.builtin.diagnostics.coverage import Coverage
from ganlab.builtin.diagnostics.modes import Modes


@ganlab.hookimpl
def ganlab_register_diagnostics() -> Mapping[str, Callable[..., ganlab.Diagnostic]]:
    """The built-in diagnostics by name."""
    return {"balance": Balance, "coverage": Coverage, "modes": Modes}
