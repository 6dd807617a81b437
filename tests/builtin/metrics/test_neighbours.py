"""Precision, recall, density and coverage of sets whose answer is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganlab.builtin.metrics import nearest
from ganlab.builtin.metrics.neighbours import Neighbourhoods, ball_radii, neighbourhoods


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=["small sets in float64", "float32"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "float32":
        monkeypatch.setattr(nearest, "SMALL", 0)


pytestmark = pytest.mark.usefixtures("either_way")


def plainly(real: Tensor, fake: Tensor, k: int) -> Neighbourhoods:
    """By whole matrices of differences."""

    def distances(a: Tensor, b: Tensor) -> Tensor:
        return torch.cdist(a.double(), b.double(), compute_mode="donot_use_mm_for_euclid_dist")

    balls, theirs = (distances(each, each).kthvalue(k + 1, 1)[0] for each in (real, fake))
    apart = distances(real, fake)
    inside = apart < balls[:, None]
    return Neighbourhoods(
        float(inside.any(0).double().mean()),
        float((apart < theirs).any(1).double().mean()),
        float(inside.sum(0).double().mean()) / k,
        float(inside.any(1).double().mean()),
    )


@pytest.mark.parametrize(("n", "m", "d", "k"), [(50, 40, 2, 1), (1300, 2100, 3, 5), (1100, 1030, 200, 3)])
def test_blocks_give_what_whole_matrices_give(n: int, m: int, d: int, k: int) -> None:
    real, fake = normal(n, d), 1.05 * normal(m, d, seed=1) + 0.02
    found, expected = neighbourhoods(real, fake, neighbours=k), plainly(real, fake, k)
    assert vars(found) == pytest.approx(vars(expected), rel=1e-12)


def test_two_tight_clusters_far_apart_are_seen_as_sharply_as_one() -> None:
    """Their distances are a thousandth of what a float32 product leaves of them."""
    real, fake = (
        torch.cat([normal(600, 8, seed=s) * 1e-4 + 100, normal(600, 8, seed=s + 1) * 1e-4 - 100]).double()
        for s in (0, 2)
    )
    assert vars(neighbourhoods(real, fake)) == pytest.approx(vars(plainly(real, fake, 5)), rel=1e-12)


def test_far_sets_have_nothing_in_common() -> None:
    assert vars(neighbourhoods(normal(200, 4), normal(200, 4) + 100)) == dict.fromkeys(
        ("precision", "recall", "density", "coverage"), 0
    )


def test_a_set_covers_itself() -> None:
    found = neighbourhoods(normal(200, 4), normal(200, 4))
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)


def test_two_draws_of_one_distribution_are_what_the_lemma_says() -> None:
    """E density = 1, E coverage = 1 - prod (N - i) / (2 N - i), i = 1..k (Naeem et al. 2020, lemmas 1 and 2)."""
    found = [neighbourhoods(normal(512, 8, seed=s), normal(512, 8, seed=s + 20)) for s in range(16)]
    lemma = 1 - math.prod((512 - i) / (1024 - i) for i in range(1, 6))
    assert sum(each.coverage for each in found) / 16 == pytest.approx(lemma, abs=0.01)
    assert sum(each.density for each in found) / 16 == pytest.approx(1, abs=0.03)


def test_half_the_modes_are_half_the_recall_and_half_the_coverage() -> None:
    middles = torch.tensor([-10.0, 10.0]).repeat(400)[:, None]
    found = neighbourhoods(normal(800, 2) + middles, normal(800, 2, seed=1) - 10)
    assert found.precision > 0.95
    assert found.recall == pytest.approx(0.49, abs=0.03)
    assert found.coverage == pytest.approx(0.49, abs=0.03)


def test_a_point_mass_on_a_real_sample_is_precise_and_recalls_that_sample_alone() -> None:
    real = normal(400, 4)
    found = neighbourhoods(real, real[7:8].expand(400, 4))
    assert found.precision == 1
    assert found.recall == 1 / 400
    assert 0 < found.coverage < 0.05


def test_every_other_mode_of_a_ring_is_half_of_its_coverage() -> None:
    def ring(modes: list[int], seed: int) -> Tensor:
        angle = torch.tensor(modes)[torch.arange(4000) % len(modes)] * (math.pi / 4)
        return 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * normal(4000, 2, seed=seed)

    assert neighbourhoods(ring(list(range(8)), 0), ring([0, 2, 4, 6], 1)).coverage == pytest.approx(0.49, abs=0.015)


@pytest.mark.parametrize("count", [2, 3, 1500])
def test_points_that_are_all_one_are_at_home_in_each_other(count: int) -> None:
    found = neighbourhoods(torch.ones(count, 3), torch.ones(count, 3))
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    away = neighbourhoods(torch.ones(count, 3), torch.zeros(count, 3))
    assert (away.precision, away.recall, away.coverage, away.density) == (0, 0, 0, 0)


def test_copies_of_a_few_points_are_at_home_too() -> None:
    few = normal(3, 5).repeat(400, 1)
    found = neighbourhoods(few, few)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)


def test_with_fewer_points_than_neighbours_a_ball_reaches_to_the_farthest() -> None:
    points = torch.tensor([[0.0], [1.0], [3.0]])
    assert ball_radii(points, 5).tolist() == pytest.approx([3, 2, 3])
    assert ball_radii(points, 1).tolist() == pytest.approx([1, 1, 2])


def test_huge_numbers_do_not_overflow() -> None:
    real, fake = normal(60, 3), normal(60, 3, seed=1)
    assert neighbourhoods(real * 1e30, fake * 1e30) == neighbourhoods(real, fake)


def test_what_is_not_finite_or_too_little_is_not_a_number() -> None:
    points = normal(9, 3)
    broken = points.clone()
    broken[4, 1] = math.nan
    for real, fake in ((points, broken), (broken, points), (points[:1], points), (points, points[:0])):
        assert all(math.isnan(value) for value in vars(neighbourhoods(real, fake)).values())


def test_the_points_stay_as_they_were() -> None:
    real, fake = normal(40, 3).double(), normal(40, 3, seed=1).double()
    before = real.clone(), fake.clone()
    neighbourhoods(real, fake)
    assert torch.equal(real, before[0])
    assert torch.equal(fake, before[1])
