from __future__ import annotations

from math import sqrt

import pytest
import torch
from torch import nn

from ganlab.builtin.networks.initialisation import initialise


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(64, 128, 4), nn.BatchNorm2d(128), nn.ConvTranspose2d(128, 64, 4), nn.Linear(256, 512)
    )


@pytest.mark.parametrize(
    ("init", "layer", "deviation"),
    [
        ("normal-0.02", 0, 0.02),
        ("normal-0.02", 2, 0.02),
        ("normal-0.02", 3, 0.02),
        ("kaiming", 0, sqrt(2 / 1.04 / (64 * 16))),
        ("kaiming", 3, sqrt(2 / 1.04 / 256)),
        ("xavier", 3, sqrt(2 / (256 + 512))),
        ("xavier", 0, sqrt(2 / (64 * 16 + 128 * 16))),
    ],
)
def test_weights_have_the_deviation_of_the_formula(init: str, layer: int, deviation: float) -> None:
    built = network()
    initialise(built, init)  # type: ignore[arg-type]
    assert built[layer].weight.mean().item() == pytest.approx(0, abs=deviation / 50)
    assert built[layer].weight.std().item() == pytest.approx(deviation, rel=0.02)
    assert not built[layer].bias.any()


def test_gains_of_norms_are_drawn_around_one_only_for_normal() -> None:
    built = network()
    initialise(built, "normal-0.02")
    assert built[1].weight.std().item() == pytest.approx(0.02, rel=0.25)
    assert built[1].weight.mean().item() == pytest.approx(1, abs=0.01)
    built = network()
    initialise(built, "orthogonal")
    assert torch.equal(built[1].weight, torch.ones(128))


def test_orthogonal_weights_are_orthogonal() -> None:
    built = network()
    initialise(built, "orthogonal")
    rows = built[0].weight.flatten(1)
    assert torch.allclose(rows @ rows.T, torch.eye(128), atol=1e-5)


def test_default_touches_nothing() -> None:
    built, same = network(), network()
    initialise(built, "default")
    assert all(torch.equal(a, b) for a, b in zip(built.parameters(), same.parameters(), strict=True))
