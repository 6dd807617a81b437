"""Feature networks: the spaces that measurements are made in. Each number carries the name of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.features.digits_cnn import DigitsCnn
from ganlab.builtin.features.dinov2 import DinoV2
from ganlab.builtin.features.inception import InceptionV3
from ganlab.builtin.features.plain import Flatten, Projection, automatic
from ganlab.builtin.features.random_conv import RandomConv


@ganlab.hookimpl
def ganlab_register_features() -> Mapping[str, Callable[..., ganlab.Features]]:
    """The built-in feature networks by name."""
    return {
        "auto": automatic,
        "digits-cnn": DigitsCnn,
        "dinov2": DinoV2,
        "flatten": Flatten,
        "inception-v3": InceptionV3,
        "projection": Projection,
        "random-conv": RandomConv,
    }
