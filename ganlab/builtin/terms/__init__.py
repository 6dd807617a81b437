"""Terms: costs beside the adversarial loss, each charged to one player with a weight and a cadence of the recipe's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.terms.gradient_penalty import GradientPenalty
from ganlab.builtin.terms.r1 import R1
from ganlab.builtin.terms.r2 import R2


@ganlab.hookimpl
def ganlab_register_terms() -> Mapping[str, Callable[..., ganlab.Term]]:
    return {
        "r1": R1,
        "r2": R2,
        "gradient-penalty": GradientPenalty,
    }
