"""Every built-in space does what every feature network must, and the conformance class catches one that does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import Features, Field
from ganlab.plugins import Plugins
from ganlab.testing import FeaturesConformance

COLOUR, GREY, LARGE = Field("image", (3, 16, 16)), Field("image", (1, 8, 8)), Field("image", (3, 40, 70))
ENTRIES = Plugins()


def failing(network: Any, field: Field) -> set[str]:
    """Names of the tests that fail."""
    conformance: Any = type("C", (FeaturesConformance,), {"make": lambda self: network(self.field), "field": field})()
    failed = set()
    for name in [each for each in dir(conformance) if each.startswith("test_")]:
        try:
            getattr(conformance, name)()
        except Exception:
            failed.add(name)
    return failed


@pytest.mark.parametrize("field", [COLOUR, GREY, LARGE], ids=["colour", "grey", "large"])
@pytest.mark.parametrize("name", ["auto", "flatten", "projection", "random-conv", "digits-cnn"])
def test_the_built_in_spaces_conform(name: str, field: Field) -> None:
    assert failing(ENTRIES.find("features", name).create, field) == set()


class Good(Features):
    """The mean of each channel."""

    name = "means-v1"

    def __init__(self, field: Field) -> None:
        self.offset = 0.0

    def embed(self, data: Tensor) -> Tensor:
        return data.flatten(2).mean(2)


class Dependent(Good):
    def embed(self, data: Tensor) -> Tensor:
        return super().embed(data) - super().embed(data).mean(0)


class Drawing(Good):
    def embed(self, data: Tensor) -> Tensor:
        return super().embed(data) + torch.rand(1)


class Unseeded(Good):
    def __init__(self, field: Field) -> None:
        self.offset = float(torch.rand(1))

    def embed(self, data: Tensor) -> Tensor:
        return super().embed(data) + self.offset


class Writing(Good):
    def embed(self, data: Tensor) -> Tensor:
        return super().embed(data.mul_(2))


class Learning(Good):
    def embed(self, data: Tensor) -> Tensor:
        return super().embed(data) * torch.ones(1, requires_grad=True)


class Doubtful(Good):
    classes = 3

    def probabilities(self, data: Tensor) -> Tensor:
        return self.embed(data).abs()


class Blind(Good):
    def embed(self, data: Tensor) -> Tensor:
        return torch.zeros(len(data), 4)


class Misnamed(Good):
    name = "means@v1"


@pytest.mark.parametrize(
    ("network", "caught"),
    [
        (Good, set()),
        (Dependent, {"test_a_sample_is_the_same_point_in_any_company"}),
        (Unseeded, {"test_made_again_it_is_the_same_whatever_was_drawn_before"}),
        (Learning, {"test_a_sample_is_a_point"}),
        (Doubtful, {"test_a_classifier_gives_probabilities_and_no_other_does"}),
        (Blind, {"test_different_samples_are_different_points"}),
        (Misnamed, {"test_its_name_can_stand_in_a_measurements_name"}),
    ],
)
def test_what_is_wrong_with_a_network_is_caught(network: type[Good], caught: set[str]) -> None:
    assert failing(network, COLOUR) >= caught
    assert bool(caught) is bool(failing(network, COLOUR))


@pytest.mark.parametrize("network", [Drawing, Writing])
def test_one_that_leaves_traces_is_caught(network: type[Good]) -> None:
    assert "test_it_leaves_the_samples_and_the_process_as_they_were" in failing(network, COLOUR)
