"""The Frechet distance where it is known from the mathematics, and where others fail."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganlab.builtin.metrics import frechet
from ganlab.builtin.metrics.frechet import Reference, frechet_distance, root_trace
from ganlab.builtin.metrics.frechet_infinity import frechet_infinity
from ganlab.builtin.metrics.moments import Gathering, Moments, moments_of


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def covariance(size: int, rank: int, seed: int) -> Tensor:
    half = normal(size, rank, seed=seed)
    return half @ half.T


def known(size: int, rank: int) -> tuple[Moments, Moments, float]:
    """N(0, C) and N(m, A C A), which do not commute, and |m|^2 + tr (A - 1) C (A - 1)."""
    ours, a, shift = covariance(size, rank, 1), covariance(size, size, 2), normal(size, seed=3)
    step = a - torch.eye(size, dtype=torch.float64)
    zero = torch.zeros(size, dtype=torch.float64)
    return Moments(zero, ours), Moments(shift, a @ ours @ a), float(shift @ shift + (step @ ours @ step).trace())


@pytest.mark.parametrize("size", [2, 16, 100])
def test_gaussians_that_do_not_commute_are_as_far_apart_as_the_formula_says(size: int) -> None:
    one, other, distance = known(size, size)
    assert Reference(one).to(other) == pytest.approx(distance, rel=1e-9)
    assert Reference(other).to(one) == pytest.approx(distance, rel=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 8])
def test_a_covariance_without_full_rank_is_no_trouble(rank: int) -> None:
    one, other, distance = known(16, rank)
    assert Reference(one).to(other) == pytest.approx(distance, rel=1e-6)
    assert Reference(other).to(one) == pytest.approx(distance, rel=1e-6)


def test_where_cholesky_fails_the_symmetric_root_takes_its_place() -> None:
    ours = torch.diag(torch.tensor([4.0, 1.0, 0.0], dtype=torch.float64))
    assert int(torch.linalg.cholesky_ex(ours)[1])
    theirs = torch.diag(torch.tensor([1.0, 9.0, 25.0], dtype=torch.float64))
    assert root_trace(Reference(Moments(torch.zeros(3).double(), ours)).factor, theirs) == pytest.approx(2 + 3)


def test_with_fewer_samples_than_dimensions_no_covariance_is_needed() -> None:
    real, fake = normal(30, 64), normal(20, 64, seed=1) + 1
    by_covariance = Reference(moments_of(real)).to(moments_of(fake))
    assert frechet_distance(real, fake) == pytest.approx(by_covariance, abs=1e-6)
    few, many = normal(20, 64, seed=2), normal(500, 64, seed=3)
    expected = Reference(moments_of(few)).to(moments_of(many))
    assert frechet_distance(few, many) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(many, few) == pytest.approx(expected, rel=1e-6)


def test_points_without_their_mean_need_one_row_less() -> None:
    points = normal(7, 12) + 5
    mean, rows = frechet.spread(points)
    assert torch.equal(mean, points.mean(0))
    assert rows.shape == (6, 12)
    assert torch.allclose(rows.T @ rows, torch.cov(points.T), atol=1e-14)


@pytest.mark.parametrize(("steps", "exactly"), [(2, 0), (6, 0), (8, 1), (12, 1)])
def test_singular_values_are_found_by_their_squares_where_no_digit_is_lost(
    steps: float, exactly: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = torch.logspace(0, -steps, 20, dtype=torch.float64)
    one, other = (torch.linalg.qr(normal(size, 20, seed=size))[0] for size in (20, 30))
    asked = []
    svdvals = torch.linalg.svdvals
    monkeypatch.setattr(torch.linalg, "svdvals", lambda matrix: asked.append(1) or svdvals(matrix))
    for matrix in (one @ torch.diag(values) @ other.T, other @ torch.diag(values) @ one.T):
        assert frechet.nuclear_norm(matrix) == pytest.approx(float(values.sum()), rel=1e-10)
    assert len(asked) == 2 * exactly


def test_a_sample_is_at_no_distance_to_itself_however_wide() -> None:
    wide = normal(40, 2048)
    assert frechet_distance(wide, wide) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(wide.float() + 1e3, wide.float() + 1e3) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("count", "spectrum"), [(500, torch.ones(32)), (500, 1 / torch.arange(1, 65) ** 0.7)])
def test_two_samples_of_one_distribution_are_apart_by_the_floor(count: int, spectrum: Tensor) -> None:
    root = spectrum.double().sqrt()
    truth = Reference(Moments(torch.zeros(len(root)).double(), torch.diag(root**2), count))
    found = torch.tensor(
        [
            frechet_distance(
                normal(count, len(root), seed=seed) * root, normal(count, len(root), seed=99 + seed) * root
            )
            for seed in range(20)
        ]
    )
    error = float(found.std()) / 20**0.5
    assert float(found.mean()) == pytest.approx(truth.floor(count), abs=2 * error + 0.02 * truth.floor(count))


def test_the_floor_of_a_standard_normal_is_counted_by_hand() -> None:
    """tr + sum (1 + [i = j]) / 4 = 32 + (32 * 32 + 32) / 4 = 296, over n, once for each side."""
    exact = Moments(torch.zeros(32).double(), torch.eye(32).double())
    assert Reference(exact).floor(500) == pytest.approx(296 / 500)
    assert Reference(Moments(exact.mean, exact.covariance, 500)).floor(1000) == pytest.approx(
        296 * (1 / 500 + 1 / 1000)
    )


def test_extrapolated_to_infinitely_many_samples_the_bias_is_gone() -> None:
    truth = Reference(Moments(torch.zeros(32).double(), torch.eye(32).double()))
    shift = torch.zeros(32).double()
    shift[0] = 0.5
    found = [frechet_infinity(truth, normal(5000, 32, seed=seed) + shift) for seed in range(4)]
    assert sum(value for value, _ in found) / 4 == pytest.approx(0.25, abs=0.02)
    assert sum(slope for _, slope in found) / 4 == pytest.approx(296, rel=0.15)
    assert truth.to_points(normal(5000, 32) + shift) > 0.28


def test_the_mean_may_be_a_hundred_million_deviations_from_zero() -> None:
    points = normal(3000, 4)
    for offset in (1e5, 1e7, 1e8):
        gathering = Gathering()
        for part in (points + offset).split(100):
            gathering.take(part)
        assert torch.allclose(gathering.moments().covariance, torch.cov(points.T), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", [[1] * 700, [511, 1, 2, 600], [3, 0, 2000], [1300]])
def test_moments_do_not_depend_on_how_the_rows_come(sizes: list[int]) -> None:
    points = normal(sum(sizes), 5) + 3
    gathering = Gathering()
    for part in points.split(sizes):
        gathering.take(part)
    moments = gathering.moments()
    assert moments.count == len(points)
    assert torch.allclose(moments.mean, points.mean(0), rtol=1e-12)
    assert torch.allclose(moments.covariance, torch.cov(points.T), rtol=1e-12)
    assert torch.allclose(gathering.moments().covariance, moments.covariance, rtol=0)


def test_a_moment_of_nothing_is_an_error_and_so_is_another_width() -> None:
    gathering = Gathering()
    gathering.take(torch.zeros(1, 3))
    with pytest.raises(ValueError, match="needs two samples"):
        gathering.moments()
    with pytest.raises(ValueError, match="points of 2 dimensions after points of 3"):
        gathering.take(torch.zeros(1, 2))


def test_what_is_not_finite_or_too_little_is_not_a_number() -> None:
    points = normal(9, 3)
    broken = points.clone()
    broken[4, 1] = math.nan
    for real, fake in ((points, broken), (broken, points), (points[:1], points), (points, points[:0])):
        assert math.isnan(frechet_distance(real, fake))
    assert math.isnan(frechet_infinity(Reference.of(points), broken)[0])


def test_points_that_are_all_the_same_have_a_distance() -> None:
    one = torch.ones(10, 3)
    assert frechet_distance(one, one) == 0
    assert frechet_distance(one, one * 3) == pytest.approx(12)
    assert Reference.of(one).floor(10) == 0


def test_the_triangular_way_is_the_plain_one() -> None:
    lower, b = torch.linalg.cholesky(covariance(40, 40, 1)), covariance(40, 40, 2)
    assert torch.allclose(frechet.sandwiched(lower, b).tril(), (lower.T @ b @ lower).tril())
    full = frechet.root(covariance(40, 40, 1))
    assert torch.allclose(frechet.sandwiched(full, b), full.T @ b @ full)
