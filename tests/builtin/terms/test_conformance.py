"""Every built-in term keeps what `ganlab.testing` asks of a stranger's."""

from __future__ import annotations

import pytest
import torch

from ganlab import Verdict
from ganlab.builtin.terms import ganlab_register_terms
from ganlab.testing import TermConformance, ToyArchitecture, ToyDataset, ToyTask, ToyTurn

TERMS = ganlab_register_terms()
ON_THE_GENERATOR = ("path-length", "l1", "feature-matching", "cycle", "identity")


class Telling(torch.nn.Module):
    """A discriminator that tells its features."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, data, given=None):
        features = self.network.layers[:2](data.flatten(1))
        return Verdict(self.network.layers[2](features).squeeze(1), {"features": [features]})


class TellingArchitecture(ToyArchitecture):
    def discriminator(self, shapes):
        return Telling(super().discriminator(shapes))


class ThereAndBack(ToyTask):
    """A task that has made what its terms compare."""

    def intermediate(self, name, turn):
        return {"image": (turn.fake["image"], turn.real["image"])}


class TestTerms(TermConformance):
    @pytest.fixture(autouse=True, params=list(TERMS))
    def _every_term(self, request):
        self.name = request.param

    def make(self):
        return TERMS[self.name]()

    def turn(self):
        player = "generator" if self.name in ON_THE_GENERATOR else "image"
        return ToyTurn(player, task=ThereAndBack(ToyDataset().fields), architecture=TellingArchitecture())
