"""Interventions: what is done about a finding, in runs whose recipe names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.interventions.stop import StopOnFinding


@ganlab.hookimpl
def ganlab_register_interventions() -> Mapping[str, Callable[..., ganlab.Intervention]]:
    """The built-in interventions by name."""
    return {"stop": StopOnFinding}
