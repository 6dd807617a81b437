"""Kernel and sliced distances against closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganlab.builtin.metrics.frechet import frechet_distance
from ganlab.builtin.metrics.kernels import gaussian_mmd, kid
from ganlab.builtin.metrics.sliced import sliced_wasserstein, sliced_wasserstein_floor, sorted_distance

NAN = float("nan")


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def ring(count: int, modes: list[int], seed: int = 0, sigma: float = 0.05) -> Tensor:
    """Points of those of eight modes on a circle of radius 2, in even shares."""
    angle = torch.tensor(modes).double()[torch.arange(count) % len(modes)] * (2 * math.pi / 8)
    return 2 * torch.stack([angle.cos(), angle.sin()], 1) + sigma * normal(count, 2, seed=seed)


@pytest.mark.parametrize("shift", [0.5, 1.0])
def test_kid_of_shifted_normals_is_the_closed_form(shift: float) -> None:
    """(E[(xy + 1)^3] in one dimension is a polynomial of the first three moments)"""
    expected = (shift**3 + 3 * shift) ** 2 + 3 * shift**4 + 3 * shift**2
    found = [kid(normal(2000, 1, seed=2 * s), normal(2000, 1, seed=2 * s + 1) + shift) for s in range(30)]
    error = float(torch.tensor(found).std()) / 30**0.5
    assert sum(found) / 30 == pytest.approx(expected, abs=2.5 * error)
    assert error < 0.05 * expected


def test_kid_of_one_distribution_has_either_sign_and_no_bias() -> None:
    found = torch.tensor([kid(normal(200, 8, seed=2 * s), normal(200, 8, seed=2 * s + 1)) for s in range(60)])
    assert 10 < int((found < 0).sum()) < 50
    assert abs(float(found.mean())) < 2.5 * float(found.std()) / 60**0.5


def test_kid_over_subsets_is_the_same_number_with_more_noise() -> None:
    real, fake = normal(1500, 4), normal(1500, 4, seed=1) + 0.3
    assert kid(real, fake, subsets=50, size=300) == pytest.approx(kid(real, fake), rel=0.1)
    assert kid(real, fake, subsets=3, size=300) == kid(real, fake, subsets=3, size=300)
    assert kid(real, fake, subsets=1, size=5000) == pytest.approx(kid(real, fake), rel=1e-12)


def test_gaussian_mmd_of_shifted_normals_is_the_closed_form() -> None:
    """E k(x, y) for x - y ~ N(m, 2) and width w is w / sqrt(w^2 + 2) exp(-m^2 / (2 w^2 + 4))."""
    width, shift = 0.8, 1.5
    peak = width / math.sqrt(width**2 + 2)
    expected = 2 * peak * (1 - math.exp(-(shift**2) / (2 * width**2 + 4)))
    found = [
        gaussian_mmd(normal(800, 1, seed=2 * s), normal(800, 1, seed=2 * s + 1) + shift, width=width) for s in range(20)
    ]
    assert sum(found) / 20 == pytest.approx(expected, abs=2.5 * float(torch.tensor(found).std()) / 20**0.5)


def test_the_width_is_a_quarter_of_the_median_distance_of_real_points() -> None:
    real, fake = normal(200, 3), normal(150, 3, seed=1)
    width = float(torch.pdist(real).median()) / 4
    assert gaussian_mmd(real, fake) == pytest.approx(gaussian_mmd(real, fake, width=width), rel=1e-12)
    assert gaussian_mmd(1000 * real + 5e6, 1000 * fake + 5e6) == pytest.approx(gaussian_mmd(real, fake), rel=1e-6)


def test_dropped_modes_of_a_ring_are_seen_by_the_gaussian_kernel_and_by_no_moment() -> None:
    whole, half = ring(4000, list(range(8))), ring(4000, [0, 2, 4, 6], seed=1)
    again = ring(4000, list(range(8)), seed=2)
    assert frechet_distance(whole, half) < 0.003
    assert abs(kid(whole, half)) < 0.05
    assert gaussian_mmd(whole, half) > 50 * abs(gaussian_mmd(whole, again))
    assert gaussian_mmd(whole, half) > 0.05


def test_the_frechet_distance_calls_a_blob_of_the_same_moments_perfect() -> None:
    """Of a ring of radius r both axes have the variance r^2 / 2 + sigma^2."""
    blob = normal(4000, 2, seed=3) * math.sqrt(2 + 0.05**2)
    assert frechet_distance(ring(4000, list(range(8))), blob) < 0.01
    assert gaussian_mmd(ring(4000, list(range(8))), blob) > 0.05


def test_sorted_numbers_of_unequal_counts_are_compared_by_their_quantiles() -> None:
    a, b = torch.tensor([[0.0], [1.0]]).double(), torch.tensor([[0.0], [0.0], [3.0]]).double()
    # quantiles: 0-1/3 0:0, 1/3-1/2 0:0, 1/2-2/3 1:0, 2/3-1 1:3
    assert float(sorted_distance(a, b)) == pytest.approx(1 / 6 + 4 / 3)
    assert float(sorted_distance(a, a.repeat(7, 1))) == pytest.approx(0)


def test_a_shift_is_as_long_on_every_line_as_it_lies_along_it() -> None:
    points = normal(500, 3)
    assert sliced_wasserstein(points[:, :1], points[:, :1] - 2) == pytest.approx(2)
    assert sliced_wasserstein(points, points + torch.tensor([3.0, 0, 0]), lines=4000) == pytest.approx(
        3 / math.sqrt(3), rel=0.03
    )


@pytest.mark.parametrize("counts", [(400, 400), (400, 1600)])
def test_one_distribution_is_apart_by_the_floor(counts: tuple[int, int]) -> None:
    found = [sliced_wasserstein(normal(counts[0], 6, seed=s), normal(counts[1], 6, seed=50 + s)) for s in range(10)]
    floors = [sliced_wasserstein_floor(normal(counts[0], 6, seed=s), counts[1]) for s in range(10)]
    assert sum(floors) / 10 == pytest.approx(sum(found) / 10, rel=0.15)


def test_what_is_not_finite_or_too_little_is_not_a_number() -> None:
    points = normal(9, 3)
    broken = points.clone()
    broken[4, 1] = math.inf
    for measure in (kid, gaussian_mmd, sliced_wasserstein):
        for real, fake in ((points, broken), (broken, points), (points, points[:0])):
            assert math.isnan(measure(real, fake))
    assert math.isnan(sliced_wasserstein_floor(points[:3], 5))


def test_points_that_are_all_the_same_have_a_distance() -> None:
    one, other = torch.ones(10, 3), torch.zeros(10, 3)
    assert gaussian_mmd(one, one) == 0
    assert gaussian_mmd(one, other) == 2
    assert kid(one, one) == pytest.approx(0)
    assert kid(one, other) == pytest.approx(8 + 1 - 2)
    assert sliced_wasserstein(one, one) == 0
