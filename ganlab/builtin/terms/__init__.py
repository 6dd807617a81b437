"""Terms: costs beside the adversarial loss, each charged to one player with a weight and a cadence of the recipe's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.terms.cycle import Cycle
from ganlab.builtin.terms.dragan import Dragan
from ganlab.builtin.terms.feature_matching import FeatureMatching
from ganlab.builtin.terms.gradient_penalty import GradientPenalty
from ganlab.builtin.terms.identity import Identity
from ganlab.builtin.terms.l1 import L1
from ganlab.builtin.terms.lecam import LeCam
from ganlab.builtin.terms.orthogonal import Orthogonal
from ganlab.builtin.terms.path_length import PathLength
from ganlab.builtin.terms.r1 import R1
from ganlab.builtin.terms.r2 import R2


@ganlab.hookimpl
def ganlab_register_terms() -> Mapping[str, Callable[..., ganlab.Term]]:
    return {
        "r1": R1,
        "r2": R2,
        "gradient-penalty": GradientPenalty,
        "dragan": Dragan,
        "lecam": LeCam,
        "path-length": PathLength,
        "l1": L1,
        "feature-matching": FeatureMatching,
        "orthogonal": Orthogonal,
        "cycle": Cycle,
        "identity": Identity,
    }
