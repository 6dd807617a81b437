"""Interventions: what is done about a finding, in runs whose recipe names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.interventions.adapt_augmentation import AdaptAugmentation
from ganlab.builtin.interventions.probe_gap_controller import ProbeGapController
from ganlab.builtin.interventions.roll_back import RollBackAndSlowDown
from ganlab.builtin.interventions.scale_learning_rate import ScaleRate
from ganlab.builtin.interventions.scale_regularisation import ScaleRegularisation
from ganlab.builtin.interventions.set_turns import SetTurns
from ganlab.builtin.interventions.stop import StopOnFinding
from ganlab.builtin.interventions.switch_on import SwitchOn, instance_noise


@ganlab.hookimpl
def ganlab_register_interventions() -> Mapping[str, Callable[..., ganlab.Intervention]]:
    """The built-in interventions by name."""
    return {
        "stop": StopOnFinding,
        "roll-back": RollBackAndSlowDown,
        "scale-learning-rate": ScaleRate,
        "probe-gap-controller": ProbeGapController,
        "set-turns": SetTurns,
        "scale-regularisation": ScaleRegularisation,
        "adapt-augmentation": AdaptAugmentation,
        "switch-on": SwitchOn,
        "instance-noise": instance_noise,
    }
