"""Random convolutions: the same everywhere, and a space in which what is missing and what is blurred can be seen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ganlab import Field, RecipeError
from ganlab.builtin.datasets.digits import read_digits
from ganlab.builtin.features.plain import Projection
from ganlab.builtin.features.random_conv import RandomConv

IMAGES, LABELS = read_digits(16)
ORDER = torch.randperm(len(IMAGES), generator=torch.Generator().manual_seed(1))
REAL, OTHERS = IMAGES[ORDER[:512]], IMAGES[ORDER[512:]]
HEALTHY = OTHERS[:512]
HALF = OTHERS[LABELS[ORDER[512:]] < 5][:512]
BLURRED = avg_pool2d(pad(HEALTHY, (1, 1, 1, 1), mode="replicate"), 3, 1)
SPACE = RandomConv(Field("image", (1, 16, 16)))


def coverage(real: Tensor, fake: Tensor) -> float:
    """Share of real points with a fake nearer than their fifth neighbour."""
    radii = torch.cdist(real, real).sort(1)[0][:, 5]
    return float((torch.cdist(real, fake).min(1)[0] < radii).float().mean())


def frechet(left: Tensor, right: Tensor) -> float:
    """The distance of two normal distributions, squared."""
    one, two = left.double(), right.double()
    product = torch.linalg.eigvals(one.T.cov() @ two.T.cov()).real.clamp(min=0).sqrt().sum()
    means = (one.mean(0) - two.mean(0)).square().sum()
    return float(means + one.var(0).sum() + two.var(0).sum() - 2 * product)


def test_its_weights_are_those_of_version_1() -> None:
    """Numbers of other versions cannot be compared: whoever changes a weight changes the name."""
    assert SPACE.name == "random-conv-v1"
    assert str(SPACE.fingerprint)[:16] == "62ac05396947be2a"
    assert str(RandomConv(Field("image", (3, 8, 8))).fingerprint)[:16] == "73d584493ce4d7bf"


def test_half_of_the_digits_missing_is_seen_as_well_as_in_a_projection() -> None:
    real, healthy, half = (SPACE.embed(each) for each in (REAL, HEALTHY, HALF))
    assert coverage(real, healthy) > 0.93
    assert coverage(real, half) < 0.65
    assert frechet(real, half) > 5 * frechet(real, healthy)


def test_blur_is_seen_that_a_projection_hardly_sees() -> None:
    plain = Projection(Field("image", (1, 16, 16)))
    assert coverage(plain.embed(REAL), plain.embed(BLURRED)) > 0.75
    assert coverage(SPACE.embed(REAL), SPACE.embed(BLURRED)) < 0.05
    assert frechet(SPACE.embed(REAL), SPACE.embed(BLURRED)) > 30 * frechet(SPACE.embed(REAL), SPACE.embed(HEALTHY))


@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 9, 300), (3, 64, 64), (4, 200, 8)])
def test_any_channels_and_any_size_from_8_pixels_on_give_248_dimensions(shape: tuple[int, int, int]) -> None:
    data = torch.rand(2, *shape) * 2 - 1
    points = RandomConv(Field("image", shape)).embed(data)
    assert points.shape == (2, 248)
    assert torch.isfinite(points).all()


@pytest.mark.parametrize("field", [Field("image", (1, 7, 16)), Field("point", (2,)), Field("video", (4, 3, 16, 16))])
def test_what_it_cannot_embed_is_said_before_the_first_round(field: Field) -> None:
    with pytest.raises(RecipeError, match="take 'auto'"):
        RandomConv(field)
