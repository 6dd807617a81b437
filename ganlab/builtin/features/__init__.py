"""Feature networks: the spaces that measurements are made in. Each number carries the name of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.features.plain import Flatten, Projection, automatic


@ganlab.hookimpl
def ganlab_register_features() -> Mapping[str, Callable[..., ganlab.Features]]:
    """The built-in feature networks by name."""
    return {"auto": automatic, "flatten": Flatten, "projection": Projection}
