"""Diagnostics: what is measured at ticks. They never judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ganlab
from ganlab.builtin.diagnostics.balance import Balance
from ganlab.builtin.diagnostics.bins import Bins
from ganlab.builtin.diagnostics.coverage import Coverage
from ganlab.builtin.diagnostics.diversity import Diversity
from ganlab.builtin.diagnostics.duality_gap import DualityGap
from ganlab.builtin.diagnostics.duplicates import Duplicates
from ganlab.builtin.diagnostics.forgetting import Forgetting
from ganlab.builtin.diagnostics.frechet import Frechet, FrechetInfinity
from ganlab.builtin.diagnostics.inception_score import InceptionScore
from ganlab.builtin.diagnostics.kernels import Kid, Mmd
from ganlab.builtin.diagnostics.likeness import SsimDiversity
from ganlab.builtin.diagnostics.memorisation import Memorisation
from ganlab.builtin.diagnostics.modes import Modes
from ganlab.builtin.diagnostics.neighbours import Neighbours
from ganlab.builtin.diagnostics.oscillation import Oscillation
from ganlab.builtin.diagnostics.probe_gap import ProbeGap
from ganlab.builtin.diagnostics.sliced import SlicedWasserstein
from ganlab.builtin.diagnostics.slope import Slope
from ganlab.builtin.diagnostics.spectrum import Spectrum
from ganlab.builtin.diagnostics.truth import Truths
from ganlab.builtin.diagnostics.two_sample import TwoSample


@ganlab.hookimpl
def ganlab_register_diagnostics() -> Mapping[str, Callable[..., ganlab.Diagnostic]]:
    """The built-in diagnostics by name."""
    return {
        "bins": Bins,
        "diversity": Diversity,
        "duplicates": Duplicates,
        "frechet": Frechet,
        "frechet-infinity": FrechetInfinity,
        "inception-score": InceptionScore,
        "kid": Kid,
        "memorisation": Memorisation,
        "mmd": Mmd,
        "neighbours": Neighbours,
        "sliced-wasserstein": SlicedWasserstein,
        "ssim-diversity": SsimDiversity,
        "balance": Balance,
        "coverage": Coverage,
        "modes": Modes,
        "probe-gap": ProbeGap,
        "duality-gap": DualityGap,
        "forgetting": Forgetting,
        "oscillation": Oscillation,
        "slope": Slope,
        "spectrum": Spectrum,
        "two-sample": TwoSample,
        "truth": Truths,
    }
