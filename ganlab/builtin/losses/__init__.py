"""Adversarial losses: what real and fake logits cost. High logit = real; costs keep the shape of the logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.losses.dual_contrastive import DualContrastive
from ganlab.builtin.losses.hinge import Hinge
from ganlab.builtin.losses.least_squares import LeastSquares
from ganlab.builtin.losses.minimax import Minimax
from ganlab.builtin.losses.non_saturating import NonSaturating
from ganlab.builtin.losses.relativistic_pairing import RelativisticPairing
from ganlab.builtin.losses.wasserstein import Wasserstein


@ganlab.hookimpl
def ganlab_register_losses() -> Mapping[str, Callable[..., ganlab.Loss]]:
    return {
        "minimax": Minimax,
        "non-saturating": NonSaturating,
        "least-squares": LeastSquares,
        "hinge": Hinge,
        "wasserstein": Wasserstein,
        "relativistic-pairing": RelativisticPairing,
        "dual-contrastive": DualContrastive,
    }
