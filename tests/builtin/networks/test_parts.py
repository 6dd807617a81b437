"""Parts of networks against arithmetic done by hand or by another library function."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlab import Field, RecipeError
from ganlab.builtin.networks.attention import SelfAttention
from ganlab.builtin.networks.conditional_norm import ConditionalNorm
from ganlab.builtin.networks.conditions import Maps, MapsAndSeed, Vectors
from ganlab.builtin.networks.minibatch_deviation import MinibatchDeviation
from ganlab.builtin.networks.perceptron import perceptron
from ganlab.builtin.networks.projection import Projection
from ganlab.builtin.networks.r3gan import Bottleneck, fix_up
from ganlab.builtin.networks.resampling import BilinearDoubling, BilinearHalving
from ganlab.builtin.networks.residual import Doubling, Halving

LABEL = Field("category", (), 3)
LABELS = torch.tensor([2, 0])


def test_vectors_lie_side_by_side_in_the_order_given() -> None:
    read = Vectors([Field("latent", (4,)), LABEL, Field("image", (1, 2, 2))], label_size=3)
    latent, image = torch.randn(2, 4), torch.randn(2, 1, 2, 2)
    vector = read(latent, LABELS, image)
    assert read.size == 4 + 3 + 4 == vector.shape[1]
    assert torch.equal(vector[:, :4], latent)
    assert torch.equal(vector[:, 4:7], read.readers[1].weight[LABELS])
    assert torch.equal(vector[:, 7:], image.flatten(1))


def test_maps_lie_side_by_side_in_the_order_given() -> None:
    read = Maps([Field("image", (2, 3, 5)), LABEL, Field("latent", (4,))], 3, 5)
    image, latent = torch.randn(2, 2, 3, 5), torch.randn(2, 4)
    maps = read(image, LABELS, latent)
    assert read.channels == 2 + 1 + 4
    assert maps.shape == (2, 7, 3, 5)
    assert torch.equal(maps[:, :2], image)
    assert torch.equal(maps[:, 2].flatten(1), read.readers[1].embedding.weight[LABELS])
    assert torch.equal(maps[:, 3:, 1, 4], latent)


def test_a_seed_is_kept_apart_from_the_maps() -> None:
    read = MapsAndSeed([Field("image", (2, 4, 4)), Field("seed")], 4, 4)
    image, seed = torch.randn(2, 2, 4, 4), torch.tensor([1, 2])
    maps, kept = read(image, seed)
    assert torch.equal(maps, image)
    assert kept is seed
    assert MapsAndSeed([Field("image", (2, 4, 4))], 4, 4)(image)[1] is None


def test_a_condition_of_another_size_is_refused() -> None:
    with pytest.raises(RecipeError, match="cannot stand beside maps of 8 x 8"):
        Maps([Field("image", (3, 8, 8)), Field("image", (3, 4, 4))], 8, 8)


def test_a_category_without_a_number_of_classes_is_refused() -> None:
    with pytest.raises(RecipeError, match="cardinality"):
        Vectors([Field("category")], 8)


def test_minibatch_deviation_is_the_mean_deviation_of_the_batch() -> None:
    maps = torch.zeros(2, 3, 4, 4)
    maps[0], maps[1] = 1.0, -3.0  # deviation 2 everywhere
    beside = MinibatchDeviation()(maps)
    assert beside.shape == (2, 4, 4, 4)
    assert torch.equal(beside[:, :3], maps)
    assert torch.allclose(beside[:, 3], torch.tensor(2.0))


def test_identical_samples_deviate_by_nothing() -> None:
    maps = torch.randn(1, 3, 4, 4).expand(5, -1, -1, -1)
    assert MinibatchDeviation()(maps)[:, 3].max().item() < 2e-4


def test_the_norm_of_a_class_is_its_gain_times_the_plain_norm_plus_its_shift() -> None:
    norm = ConditionalNorm("batch", 4, classes=3)
    maps = torch.randn(2, 4, 5, 5)
    plain = F.batch_norm(maps, None, None, training=True)
    assert torch.allclose(norm(maps, LABELS), plain, atol=1e-6)
    with torch.no_grad():
        norm.gain[2], norm.shift[0] = 3.0, -1.0
    assert torch.allclose(norm(maps, LABELS)[0], 3 * plain[0], atol=1e-5)
    assert torch.allclose(norm(maps, LABELS)[1], plain[1] - 1, atol=1e-5)


def test_projection_is_the_inner_product_with_the_vector_of_the_class() -> None:
    project = Projection(LABEL, 6)
    features = torch.randn(2, 6)
    by_hand = torch.stack([features[0].dot(project.embed.weight[2]), features[1].dot(project.embed.weight[0])])
    assert torch.allclose(project(features, LABELS), by_hand, atol=1e-6)


def test_attention_begins_as_the_identity_and_then_agrees_with_the_fused_kernel() -> None:
    attend = SelfAttention(16)
    maps = torch.randn(2, 16, 6, 4)
    assert torch.equal(attend(maps), maps)
    nn.init.ones_(attend.gain)
    query = attend.query(maps).flatten(2).mT
    key, value = (F.max_pool2d(layer(maps), 2).flatten(2).mT for layer in (attend.key, attend.value))
    fused = F.scaled_dot_product_attention(query, key, value, scale=1.0).mT.reshape(2, 8, 6, 4)
    assert torch.allclose(attend(maps), maps + attend.back(fused), atol=1e-5)


def test_halving_is_a_quarter_of_the_transpose_of_doubling_away_from_borders() -> None:
    maps = torch.zeros(1, 1, 8, 8, requires_grad=True)
    seen = torch.zeros(1, 1, 16, 16)
    seen[..., 6:10, 6:10] = torch.randn(4, 4)
    (transposed,) = torch.autograd.grad(BilinearDoubling()(maps), maps, seen)
    assert torch.allclose(BilinearHalving(1)(seen), transposed / 4, atol=1e-6)


def test_halving_leaves_a_constant_and_removes_the_fastest_stripes() -> None:
    stripes = torch.tensor([1.0, -1.0]).repeat(8).expand(1, 2, 16, 16)
    assert torch.allclose(BilinearHalving(2)(torch.ones(1, 2, 16, 16)), torch.ones(1, 2, 8, 8))
    assert BilinearHalving(2)(stripes)[..., 1:-1].abs().max().item() < 1e-6


def test_shortcuts_convolved_at_the_small_size_equal_those_convolved_at_the_large_one() -> None:
    up, down = Doubling(4, 6, "none", None), Halving(4, 6, "none", halve=True, first=False)
    maps = torch.randn(2, 4, 8, 8)
    for block in (up, down):
        nn.init.zeros_((block.conv2 if block is up else block.layers[-1]).weight)
        nn.init.zeros_((block.conv2 if block is up else block.layers[-1]).bias)
    assert torch.allclose(up(maps, None), up.shortcut(F.interpolate(maps, scale_factor=2)), atol=1e-6)
    assert torch.allclose(down(maps), F.avg_pool2d(down.shortcut(maps), 2), atol=1e-6)


def test_a_fixed_up_branch_begins_as_nothing_and_its_weights_shrink_with_depth() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(*(Bottleneck(64) for _ in range(16)))
    fix_up(network)
    maps = torch.randn(2, 64, 4, 4)
    assert torch.equal(network(maps), maps)
    gain = sqrt(2 / 1.04) * 16**-0.25
    assert gain == pytest.approx(0.6934, abs=1e-4)
    assert network[0].widen.weight.std().item() == pytest.approx(gain / sqrt(64), rel=0.03)
    assert network[0].mix.weight.std().item() == pytest.approx(gain / sqrt(16 * 9), rel=0.03)


def test_a_perceptron_alternates_linear_layers_and_nonlinearities() -> None:
    layers = perceptron([2, 8, 8, 1], "tanh")
    points = torch.randn(5, 2)
    by_hand: Tensor = points
    for place in (0, 2, 4):
        by_hand = by_hand @ layers[place].weight.T + layers[place].bias
        by_hand = by_hand.tanh() if place < 4 else by_hand
    assert len(layers) == 5
    assert torch.allclose(layers(points), by_hand, atol=1e-6)
