from __future__ import annotations

import pytest
import torch
from torch import nn

from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.normalisation import divide_by_spectral_norm, normalisation


@pytest.mark.parametrize(
    ("norm", "over"),
    [("batch", (0, 2, 3)), ("instance", (2, 3)), ("layer", (1, 2, 3))],
    ids=["batch", "instance", "layer"],
)
def test_each_norm_leaves_mean_zero_and_variance_one_over_its_own_axes(norm: Norm, over: tuple[int, ...]) -> None:
    maps = 5 + 3 * torch.randn(4, 6, 8, 8)
    normed = normalisation(norm, 6)(maps)
    assert torch.allclose(normed.mean(over), torch.zeros(()), atol=1e-5)
    assert torch.allclose(normed.var(over, correction=0), torch.ones(()), atol=1e-4)


def test_group_norm_never_splits_a_channel() -> None:
    assert normalisation("group", 48).num_groups == 16
    assert normalisation("group", 256).num_groups == 32
    assert normalisation("group", 7).num_groups == 1


def test_the_largest_singular_value_comes_to_one() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(8, 16, 3), nn.ConvTranspose2d(16, 4, 4), nn.Linear(10, 20))
    before = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in (network[0], network[2])]
    divide_by_spectral_norm(network)
    for _ in range(300):
        for layer in network:
            _ = layer.weight  # one power iteration each time the weight is asked for in training
    conv, transposed, linear = network
    matrices = (conv.weight.flatten(1), transposed.weight.transpose(0, 1).flatten(1), linear.weight)
    for matrix in matrices:
        assert torch.linalg.matrix_norm(matrix, 2).item() == pytest.approx(1, abs=1e-3)
    assert min(abs(norm - 1) for norm in before) > 0.05


def test_several_passes_before_one_backward_pass_are_allowed() -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    divide_by_spectral_norm(network)
    (network(torch.randn(3, 4)).sum() - network(torch.randn(3, 4)).sum()).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
