"""Diversity, bins, shares, twins and memory where the answer is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganlab.builtin.metrics.bins import binned, compared, jensen_shannon
from ganlab.builtin.metrics.cells import cell_of, k_means
from ganlab.builtin.metrics.duplicates import chance_of_twins, duplicates, nearest_distances, support
from ganlab.builtin.metrics.entropy import likeness, rke, vendi
from ganlab.builtin.metrics.inception import inception_score
from ganlab.builtin.metrics.memorisation import Memory, Training, rank_score
from ganlab.builtin.metrics.shares import modes_reached, reverse_kl


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("groups", [1, 4, 16])
def test_groups_that_have_nothing_in_common_are_counted(groups: int) -> None:
    alike = likeness(torch.eye(16).double()[torch.arange(64) % groups] * 100, 1.0)
    assert vendi(alike) == pytest.approx(groups, abs=1e-11)
    assert rke(alike) == pytest.approx(groups, abs=1e-11)


def test_two_groups_of_unequal_size_are_the_exponentials_of_their_entropies() -> None:
    alike = likeness(torch.tensor([[0.0]] * 9 + [[50.0]] * 3).double(), 1.0)
    assert vendi(alike) == pytest.approx(math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)))
    assert rke(alike) == pytest.approx(1 / (0.75**2 + 0.25**2))


def test_points_that_are_all_the_same_are_one_even_without_a_width() -> None:
    assert vendi(likeness(torch.ones(20, 3), 0.0)) == pytest.approx(1)
    assert rke(likeness(torch.ones(20, 3), 0.0)) == pytest.approx(1)


def test_cells_find_the_groups_and_do_so_every_time() -> None:
    middles = 20 * normal(6, 3, seed=1)
    points = middles.repeat(40, 1) + 0.1 * normal(240, 3)
    centres = k_means(points, 6)
    assert torch.cdist(middles, centres).amin(1).max() < 0.1
    assert torch.equal(centres, k_means(points, 6))
    assert torch.equal(cell_of(points, centres)[:6].sort()[0], torch.arange(6))


@pytest.mark.parametrize(("points", "cells"), [(torch.ones(5, 2), 1), (torch.eye(3), 3), (torch.eye(3)[:1], 1)])
def test_there_are_no_more_cells_than_different_points(points: Tensor, cells: int) -> None:
    assert len(k_means(points, 50)) == cells


def test_bins_of_one_distribution_differ_by_chance_and_dropped_modes_are_missed() -> None:
    middles = 20 * normal(10, 2, seed=1)

    def draw(modes: int, seed: int) -> Tensor:
        return middles[torch.arange(2000) % modes] + normal(2000, 2, seed=seed)

    real = draw(10, 0)
    centres = k_means(real, 10)
    same = [binned(real, draw(10, seed), centres) for seed in range(2, 6)]
    assert all(each.missed == 0 and each.divergence < 0.001 for each in same)
    half = binned(real, draw(5, 2), centres)
    assert half.missed == pytest.approx(0.5)
    assert half.different == pytest.approx(1.0)
    even, lost = torch.full((10,), 0.1).double(), torch.tensor([0.2] * 5 + [0.0] * 5).double()
    assert half.divergence == pytest.approx(jensen_shannon(even, lost), rel=0.01)


def test_bins_that_differ_significantly_are_five_in_a_hundred_by_chance() -> None:
    draws = torch.Generator().manual_seed(0)
    counts = [torch.bincount(torch.randint(200, (20_000,), generator=draws), minlength=200) for _ in range(20)]
    found = [compared(a, b).different for a, b in zip(counts[::2], counts[1::2], strict=True)]
    assert sum(found) / len(found) == pytest.approx(0.05, abs=0.015)


def test_histograms_that_share_nothing_diverge_by_log_two() -> None:
    assert jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])) == pytest.approx(math.log(2))
    assert jensen_shannon(torch.tensor([0.3, 0.7]), torch.tensor([0.3, 0.7])) == 0


def test_shares_of_modes_are_counted_by_hand() -> None:
    hits = torch.tensor([60, 30, 9, 1, 0, 0, 0, 0, 0, 0])
    assert modes_reached(hits) == 4  # a tenth of a tenth of 100 is one
    expected = sum(p * math.log(10 * p) for p in (0.6, 0.3, 0.09, 0.01))
    assert reverse_kl(hits) == pytest.approx(expected)
    assert reverse_kl(torch.full((7,), 3)) == 0
    assert modes_reached(torch.zeros(3)) == 0
    assert reverse_kl(torch.zeros(3)) == math.inf


def test_twenty_three_people_share_a_birthday_half_of_the_time() -> None:
    assert chance_of_twins(23, 365) == pytest.approx(0.5073, abs=5e-5)
    assert chance_of_twins(366, 365) == 1
    draws = torch.Generator().manual_seed(0)
    days = torch.randint(365, (4000, 23), generator=draws)
    met = sum(duplicates(each[:, None].float(), 0.1).share > 0 for each in days[:1000])
    assert met / 1000 == pytest.approx(0.5073, abs=0.05)


def test_the_support_is_estimated_from_how_many_twins_there_are() -> None:
    draws = torch.Generator().manual_seed(0)
    different = normal(5000, 8)
    found = [duplicates(different[torch.randint(5000, (1000,), generator=draws)], 0.0).support for _ in range(8)]
    assert 1 / (sum(1 / each for each in found) / 8) == pytest.approx(5000, rel=0.1)
    assert duplicates(different[:1000], 0.0) == duplicates(different[:1000] + 7, 0.0)
    assert duplicates(different[:1000], 0.0).support == support(1000, 1)


def test_twins_are_those_within_the_tolerance() -> None:
    line = torch.tensor([[0.0], [0.9], [5.0], [5.5], [5.6]])
    found = duplicates(line, 0.55)
    assert found.share == 3 / 5
    assert found.support == 5 * 4 / 2 / 2
    assert nearest_distances(line).tolist() == pytest.approx([0.9, 0.9, 0.5, 0.1, 0.1])


def test_far_from_zero_twins_are_twins_still() -> None:
    points = normal(300, 4) + 1e6
    assert duplicates(points, 0.0).share == 0
    assert duplicates(torch.cat([points, points]), 0.0).share == 1


def test_memory_of_copies_of_unseen_data_and_of_an_underfit_generator() -> None:
    """Of 600 points N(0, I) in 8 dimensions; -30 is all there is: z = -n^2 / 2 / sqrt(n^2 (2n + 1) / 12)."""
    train, held_out = normal(600, 8), normal(600, 8, seed=1)
    side = Training(train, held_out)
    copies = side.memory(train + 0.01 * normal(600, 8, seed=2))
    assert copies.c_t == pytest.approx(-29.99, abs=0.05)
    assert copies.authenticity == 0
    assert copies.ratio < 0.05
    unseen = side.memory(normal(600, 8, seed=3))
    assert abs(unseen.c_t) < 3
    assert unseen.authenticity == pytest.approx(0.55, abs=0.06)
    assert unseen.ratio == pytest.approx(1, abs=0.05)
    wide = side.memory(2 * normal(600, 8, seed=4))
    assert wide.c_t > 20
    assert wide.authenticity > 0.9
    assert wide.ratio > 1.5


def test_cells_are_judged_apart_and_weighed_by_held_out_data() -> None:
    """Copies near one centre, a wide draw near the other: about -z and +z of a half each."""
    left, right = torch.tensor([-50.0] + [0.0] * 7).double(), torch.tensor([50.0] + [0.0] * 7).double()
    train = torch.cat([normal(300, 8) + left, normal(300, 8, seed=1) + right])
    held_out = torch.cat([normal(300, 8, seed=2) + left, normal(300, 8, seed=3) + right])
    copied = train[:300] + 0.01 * normal(300, 8, seed=4)
    fine = normal(300, 8, seed=5) + right
    found = Training(train, held_out, cells=2).memory(torch.cat([copied, fine])).c_t
    alone = 300 * 300 / 2 / math.sqrt(300 * 300 * 601 / 12)
    assert found == pytest.approx(-alone / 2, abs=1)


def test_ranks_are_the_test_of_mann_and_whitney() -> None:
    from scipy.stats import mannwhitneyu

    a, b = normal(40, 1)[:, 0], normal(60, 1, seed=1)[:, 0] + 0.3
    wins = float(mannwhitneyu(a, b).statistic)
    assert rank_score(a, b) == pytest.approx((wins - 1200) / math.sqrt(2400 * 101 / 12))
    assert rank_score(a, a) == 0


def test_what_memory_cannot_say_is_not_a_number() -> None:
    nan = pytest.approx(math.nan, nan_ok=True)
    points, none = normal(50, 3), normal(0, 3)
    assert Training(points[:1], points).memory(points) == Memory(nan, nan, nan)
    assert Training(points, points).memory(points * math.nan) == Memory(nan, nan, nan)
    unheld = Training(points, none).memory(points)
    assert (unheld.ratio, unheld.c_t, unheld.authenticity) == (nan, nan, 0)
    assert Training(points, points[:5]).memory(normal(50, 3, seed=1)).c_t == nan
    assert Training(points, points).memory(normal(50, 3, seed=1)).ratio == nan
    same = torch.ones(50, 3)
    assert Training(same, same).memory(same).authenticity == 0


def test_the_inception_score_counts_classes_and_is_one_for_a_constant() -> None:
    assert inception_score(torch.eye(10).repeat(5, 1)) == pytest.approx(10)
    assert inception_score(torch.eye(10)[:1].repeat(50, 1)) == pytest.approx(1)
    assert inception_score(torch.full((50, 10), 0.1)) == pytest.approx(1)
    assert inception_score(torch.eye(10).repeat(5, 1), splits=5) == pytest.approx(10)
    assert math.isnan(inception_score(torch.eye(3), splits=4))
    assert math.isnan(inception_score(torch.eye(3) * math.nan))


def test_what_is_not_finite_or_too_little_is_not_a_number() -> None:
    points = normal(9, 3)
    broken = points.clone()
    broken[4, 1] = math.nan
    assert math.isnan(binned(points, broken, points[:2]).divergence)
    assert math.isnan(binned(points, points[:0], points[:2]).missed)
    assert math.isnan(duplicates(broken, 0.1).share)
    assert math.isnan(duplicates(points[:1], 0.1).support)
