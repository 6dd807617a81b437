"""What diagnostics measure, against numbers known from the mathematics."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from ganlab.builtin.diagnostics.balance import Balance, compare
from ganlab.builtin.diagnostics.coverage import Coverage
from ganlab.builtin.diagnostics.modes import Modes
from ganlab.testing import DiagnosticConformance
from ganlab.testing.toy_look import ToyLook


def expected_coverage(real: int, fake: int, neighbours: int) -> float:
    """Of two samples of one distribution: 1 - prod (N-1-i) / (N+M-1-i) (Naeem et al. 2020, lemma 1)."""
    return 1 - math.prod(real - 1 - i for i in range(neighbours)) / math.prod(
        real + fake - 1 - i for i in range(neighbours)
    )


class PointLook(ToyLook):
    """Held-out points and generated points that the test chooses."""

    def __init__(self, real: torch.Tensor, fake: torch.Tensor) -> None:
        super().__init__()
        self.parts = {"image": real}, {"image": fake}

    def real(self, count: int, *, held_out: bool = True) -> Any:
        return {"image": self.parts[0]["image"][:count]}

    def fake(self, count: int, *, averaged: bool = True) -> Any:
        return {"image": self.parts[1]["image"][:count]}


def both(real: torch.Tensor, fake: torch.Tensor, **options: Any) -> tuple[float, float]:
    """Coverage, and that of wide balls."""
    narrow, wide = Coverage(count=len(real), **options).measure(PointLook(real, fake)).values()
    return narrow, wide


def measured(real: torch.Tensor, fake: torch.Tensor, **options: Any) -> float:
    return both(real, fake, **options)[0]


def test_two_draws_of_one_distribution_cover_each_other_as_the_lemma_says() -> None:
    generator = torch.Generator().manual_seed(0)
    values = [
        measured(torch.randn(512, 8, generator=generator), torch.randn(512, 8, generator=generator)) for _ in range(8)
    ]
    assert sum(values) / len(values) == pytest.approx(expected_coverage(512, 512, 5), abs=0.015)


def test_one_point_covers_next_to_nothing_and_half_the_modes_about_half() -> None:
    generator = torch.Generator().manual_seed(0)
    corners = torch.tensor([[-1.0, -1.0], [1.0, 1.0]]).repeat(256, 1)
    real = corners + 0.05 * torch.randn(512, 2, generator=generator)
    assert measured(real, real[:1].repeat(512, 1) + 10) == 0.0
    half = corners[:1] + 0.05 * torch.randn(512, 2, generator=generator)
    assert measured(real, half) == pytest.approx(0.5, abs=0.06)


def test_wide_balls_tell_modes_that_are_left_out_from_modes_that_are_too_narrow() -> None:
    """Of 25 modes with 40 samples each, 12 as they are, or all of them at a fifth of their width."""
    draws = torch.Generator().manual_seed(0)
    centres = torch.cartesian_prod(torch.arange(5.0), torch.arange(5.0))
    noise = torch.randn(2, 1000, 2, generator=draws)
    real, fake = centres.repeat(40, 1) + 0.05 * noise[0], centres[:12].repeat(84, 1)[:1000]
    (some, some_wide), (narrow, narrow_wide) = (
        both(real, fake + 0.05 * noise[1]),
        both(real, centres.repeat(40, 1) + 0.01 * noise[1]),
    )
    assert some == pytest.approx(12 / 25, abs=0.03)
    assert some_wide == pytest.approx(12 / 25, abs=0.03)
    assert narrow < 0.7
    assert narrow_wide > 0.95


def test_wide_balls_of_two_draws_of_one_distribution_are_covered_as_the_lemma_says() -> None:
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 64, 8, generator=generator)
    assert both(real, fake, neighbours=2)[1] == pytest.approx(expected_coverage(64, 64, 8), abs=0.04)


class TwoPartsLook(PointLook):
    """Held-out points far from the training points, which the generator repeats."""

    def real(self, count: int, *, held_out: bool = True) -> Any:
        return {"image": self.parts[0]["image"] + (100.0 if held_out else 0.0)}


def test_training_samples_are_covered_where_held_out_ones_are_of_another_kind() -> None:
    points = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    look = TwoPartsLook(points, points)
    assert Coverage(count=64, of="training").measure(look) == {
        "coverage-training@toy": 1.0,
        "coverage-wide-training@toy": 1.0,
    }
    assert Coverage(count=64).measure(look) == {"coverage@toy": 0.0, "coverage-wide@toy": 0.0}


def test_balance_counts_sides_ties_and_gaps_by_hand() -> None:
    told = compare(torch.tensor([1.0, 2.0, -1.0, 3.0]), torch.tensor([-2.0, 2.0]))
    assert told["accuracy-real"] == 0.75
    assert told["accuracy-fake"] == 0.5
    assert told["auc"] == pytest.approx((4 + 1.5) / 8)  # pairs won, a tie counting half
    assert told["logit-gap"] == 1.25


class MixtureLook(PointLook):
    """Two modes; what is generated is the test's."""

    def __init__(self, fake: torch.Tensor) -> None:
        super().__init__(fake, fake)
        self.dataset.centres = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
        self.dataset.sigma = 0.1


def test_modes_are_counted_within_three_deviations() -> None:
    fake = torch.tensor([[-1.0, 0.0]] * 60 + [[1.0, 0.29]] * 20 + [[1.0, 0.31]] * 20)
    told = Modes(count=100).measure(MixtureLook(fake))
    assert told["modes"] == 2
    assert told["modes/high-quality"] == pytest.approx(0.8)
    assert told["modes/reverse-kl"] == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))


def test_one_lucky_sample_is_no_mode() -> None:
    told = Modes(count=100).measure(MixtureLook(torch.tensor([[-1.0, 0.0]] * 99 + [[1.0, 0.0]])))
    assert told["modes"] == 1


class TestBalance(DiagnosticConformance):
    def make(self) -> Balance:
        return Balance(count=16)


class TestCoverage(DiagnosticConformance):
    def make(self) -> Coverage:
        return Coverage(count=16)
