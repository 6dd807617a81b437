"""The spaces that are no networks."""

from __future__ import annotations

import pytest
import torch

from ganlab import Field
from ganlab.builtin.features.plain import Projection, automatic

WIDE = torch.randn(64, 1, 16, 16, generator=torch.Generator().manual_seed(0))


def test_a_projection_keeps_distances_to_a_few_per_cent() -> None:
    distance = torch.cdist(WIDE.flatten(1), WIDE.flatten(1))
    points = Projection(Field("image", (1, 16, 16))).embed(WIDE)
    off = ~torch.eye(64, dtype=torch.bool)
    assert (torch.cdist(points, points)[off] / distance[off]).mean() == pytest.approx(1.0, abs=0.03)


def test_data_of_up_to_128_entries_are_taken_as_they_are_and_wider_ones_projected() -> None:
    assert automatic(Field("point", (128,))).name == "flatten"
    assert automatic(Field("image", (1, 16, 16))).name == "projection-128"
    assert Projection(Field("image", (1, 16, 16)), width=64).name == "projection-64"
