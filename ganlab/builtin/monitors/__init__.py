"""Monitors: what is said of the measurements, in plain words. They never touch.

Each is silent where what it judges is not measured. What is critical: a collapse, numbers that run away, numbers that
are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.monitors.averaged_collapse import AveragedCollapse
from ganlab.builtin.monitors.dead_player import DeadPlayer
from ganlab.builtin.monitors.discriminator_dominates import DiscriminatorDominates
from ganlab.builtin.monitors.discriminator_over_fits import DiscriminatorOverFits
from ganlab.builtin.monitors.discriminator_useless import DiscriminatorUseless
from ganlab.builtin.monitors.divergence import Divergence
from ganlab.builtin.monitors.failing_truth import FailingTruth
from ganlab.builtin.monitors.lost_coverage import LostCoverage
from ganlab.builtin.monitors.memorisation import Memorisation
from ganlab.builtin.monitors.never_covered import NeverCovered
from ganlab.builtin.monitors.non_finite import NonFinite
from ganlab.builtin.monitors.oscillation import Oscillation
from ganlab.builtin.monitors.partial_collapse import PartialCollapse
from ganlab.builtin.monitors.stale_discriminator import StaleDiscriminator
from ganlab.builtin.monitors.stalled_quality import StalledQuality


@ganlab.hookimpl
def ganlab_register_monitors() -> Mapping[str, Callable[..., ganlab.Monitor]]:
    """The built-in monitors by name."""
    return {
        "lost-coverage": LostCoverage,
        "never-covered": NeverCovered,
        "partial-collapse": PartialCollapse,
        "averaged-collapse": AveragedCollapse,
        "stale-discriminator": StaleDiscriminator,
        "discriminator-dominates": DiscriminatorDominates,
        "discriminator-useless": DiscriminatorUseless,
        "discriminator-over-fits": DiscriminatorOverFits,
        "dead-player": DeadPlayer,
        "divergence": Divergence,
        "non-finite": NonFinite,
        "memorisation": Memorisation,
        "oscillation": Oscillation,
        "stalled-quality": StalledQuality,
        "failing-truth": FailingTruth,
    }
