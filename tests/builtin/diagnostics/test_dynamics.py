"""What is measured of the players' dynamics, against numbers known from the mathematics."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganlab import Networks, Sample
from ganlab.builtin.diagnostics.duality_gap import DualityGap
from ganlab.builtin.diagnostics.forgetting import MOST_BYTES, Forgetting, above
from ganlab.builtin.diagnostics.oscillation import Oscillation
from ganlab.builtin.diagnostics.slope import Slope
from ganlab.builtin.diagnostics.spectrum import Spectrum
from ganlab.builtin.diagnostics.two_sample import TwoSample
from ganlab.builtin.metrics.calibration import BLIND, calibrated, cross_entropy
from ganlab.builtin.metrics.rotation import rotation
from ganlab.builtin.metrics.spectra import largest_singular_value, stable_rank
from ganlab.testing import DiagnosticConformance
from ganlab.testing.toy_look import ToyLook


class TestTwoSample(DiagnosticConformance):
    def make(self) -> TwoSample:
        return TwoSample(count=32, steps=3, batch=16)


class TestSlope(DiagnosticConformance):
    def make(self) -> Slope:
        return Slope(count=16)


class TestSpectrum(DiagnosticConformance):
    def make(self) -> Spectrum:
        return Spectrum(layers=True)


class TestForgetting(DiagnosticConformance):
    def make(self) -> Forgetting:
        return Forgetting(count=16)


class TestOscillation(DiagnosticConformance):
    def make(self) -> Oscillation:
        return Oscillation(count=32, cells=4)


class TestDualityGap(DiagnosticConformance):
    def make(self) -> DualityGap:
        return DualityGap(count=32, steps=3, batch=16)


class Judge(nn.Module):
    """A linear discriminator of pictures laid flat."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, data: Tensor, given: Any = None) -> Tensor:
        return data.flatten(1) @ self.weight


class ChosenLook(ToyLook):
    """A discriminator and pictures that the test chooses."""

    def __init__(self, judge: nn.Module, real: Tensor | None = None, fake: Tensor | None = None, **more: Any) -> None:
        super().__init__(**more)
        self.judge = judge.eval().requires_grad_(False)
        self.sides = (real, fake)

    def networks(self, *, averaged: bool = True) -> Networks:
        return {**super().networks(), "image": self.judge}

    def real_beside(self, count: int) -> Sample:
        return super().real_beside(count) if self.sides[0] is None else {"image": self.sides[0]}

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        return super().fake(count) if self.sides[1] is None else {"image": self.sides[1]}


def pictures(value: float, count: int = 16) -> Tensor:
    return torch.full((count, 1, 8, 8), value)


# Slope


def test_the_slope_of_a_linear_discriminator_is_the_length_of_its_weights_everywhere() -> None:
    weight = torch.randn(64, generator=torch.Generator().manual_seed(0))
    told = Slope(count=16).measure(ChosenLook(Judge(weight)))
    assert told == pytest.approx({f"slope/image/{at}": float(weight.norm()) for at in ("real", "fake", "between")})


def test_the_slope_of_a_square_is_twice_the_distance_where_it_is_taken() -> None:
    class Square(nn.Module):
        def forward(self, data: Tensor, given: Any = None) -> Tensor:
            return data.flatten(1).square().sum(1)

    told = Slope(count=16).measure(ChosenLook(Square(), pictures(1.0), pictures(3.0)))
    assert told["slope/image/real"] == pytest.approx(2 * 8)
    assert told["slope/image/fake"] == pytest.approx(6 * 8)
    assert 2 * 8 < told["slope/image/between"] < 6 * 8


# Spectrum


@pytest.mark.parametrize("shape", [(5, 5), (3, 200), (200, 3), (64, 64)])
def test_the_largest_singular_value_is_that_of_a_full_decomposition(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    exact = torch.linalg.svdvals(matrix.double())
    assert largest_singular_value(matrix) == pytest.approx(float(exact[0]), rel=1e-3)
    assert stable_rank(matrix) == pytest.approx(float(exact.square().sum() / exact[0] ** 2), rel=2e-3)


def test_stable_rank_counts_equal_directions() -> None:
    assert largest_singular_value(torch.diag(torch.tensor([3.0, 1.0, 0.0]))) == pytest.approx(3)
    assert stable_rank(torch.diag(torch.tensor([2.0, 2.0, 2.0, 0.0]))) == pytest.approx(3)
    assert stable_rank(torch.ones(4, 7)) == pytest.approx(1)
    assert math.isnan(stable_rank(torch.zeros(2, 2)))
    assert math.isnan(largest_singular_value(torch.tensor([[math.nan, 1.0]])))


def test_the_worst_layer_speaks_for_its_player_and_norms_are_seen_as_they_act() -> None:
    steep, flat = nn.Linear(4, 4, bias=False), nn.Linear(4, 1, bias=False)
    with torch.no_grad():
        steep.weight.copy_(torch.diag(torch.tensor([5.0, 1.0, 1.0, 1.0])))
        flat.weight.copy_(torch.ones(1, 4))
    plain = Spectrum(layers=True).measure(ChosenLook(nn.Sequential(nn.Flatten(), steep, flat)))
    assert plain["spectrum/image/largest"] == pytest.approx(5)
    assert plain["spectrum/image/2"] == pytest.approx(2)
    assert plain["spectrum/image/stable-rank"] == pytest.approx(1)
    nn.utils.parametrizations.spectral_norm(steep, n_power_iterations=50)
    normed = Spectrum(layers=True).measure(ChosenLook(nn.Sequential(nn.Flatten(), steep)))
    assert normed["spectrum/image/largest"] == pytest.approx(1, rel=1e-3)


# Forgetting


def test_old_fakes_are_forgotten_or_remembered_or_cannot_be_told() -> None:
    real = torch.tensor([-1.0, 0.0, 1.0])
    assert above(torch.tensor([5.0, 6.0]), real) == 1
    assert above(torch.tensor([-5.0, -6.0]), real) == 0
    assert above(torch.zeros(4), real) == 0.5
    assert math.isnan(above(torch.ones(0), real))


def test_what_was_fake_long_ago_is_asked_about_again() -> None:
    judge = Judge(torch.ones(64))
    forgetting = Forgetting(count=16)
    first = forgetting.measure(ChosenLook(judge, pictures(0.0), pictures(1.0)))
    assert math.isnan(first["forgetting/image"])
    assert first["forgetting/image/present"] == 1
    second = forgetting.measure(ChosenLook(judge, pictures(0.0), pictures(-1.0)))
    assert (second["forgetting/image"], second["forgetting/image/present"]) == (1, 0)
    third = forgetting.measure(ChosenLook(judge, pictures(0.0), pictures(-1.0)))
    assert third["forgetting/image"] == 0.5  # of two old ticks, one is forgotten


def test_memory_is_bounded_and_reaches_back_over_the_whole_run() -> None:
    forgetting = Forgetting(count=16, ticks=4)
    for tick in range(50):
        forgetting.measure(ChosenLook(Judge(torch.ones(64)), pictures(0.0), pictures(float(tick))))
        assert len(forgetting.past) <= 4
    kept = [float(each["image"][0, 0, 0, 0]) for each in forgetting.past]
    assert kept[0] == 0
    assert kept[-1] >= 25
    assert kept == sorted(kept)
    forgetting = Forgetting(count=16, ticks=64)
    large = torch.zeros(16, 1, 128, 128)
    assert large.nbytes * 64 > MOST_BYTES
    for _ in range(2):
        told = forgetting.measure(ChosenLook(Judge(torch.ones(128 * 128)), large, large))
    assert forgetting.past == []
    assert math.isnan(told["forgetting/image"])


# Oscillation


def turning(angle: float, shrink: float, ticks: int = 24) -> Tensor:
    turn = shrink * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    path = [torch.tensor([1.0, 0.0])]
    while len(path) < ticks:
        path.append(turn @ path[-1])
    return torch.stack(path)


@pytest.mark.parametrize("angle", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("shrink", [0.98, 1.0, 1.02])
def test_the_turning_of_a_known_rotation_is_found(angle: float, shrink: float) -> None:
    path = turning(angle, shrink, 200) @ torch.diag(torch.tensor([3.0, 0.1])) if shrink == 1 else turning(angle, shrink)
    found = rotation(path)
    assert found.angle == pytest.approx(angle, abs=0.03)
    assert found.persistence == pytest.approx(shrink, abs=0.02)


def test_what_settles_without_turning_has_no_angle_and_little_is_said_of_little() -> None:
    ticks = torch.arange(24.0)
    assert rotation(torch.stack([0.5**ticks, 0.8**ticks], 1)).angle == 0
    for path in (turning(1, 1, 5), torch.zeros(24, 2), torch.full((24, 2), math.nan), ticks[:, None].repeat(1, 2)):
        assert math.isnan(rotation(path).angle)


class PlacesLook(ToyLook):
    """Training points in two places; fakes where the test puts them."""

    def __init__(self, fake: list[float], costs: dict[str, float] | None = None) -> None:
        super().__init__(ledger=costs)
        self.placed = torch.tensor(fake).reshape(-1, 1)

    def points(self, choice: Any, count: int, part: Any) -> Any:
        return {"image": self.placed if part == "raw" else torch.tensor([[0.0], [1.0]]).repeat(16, 1)}


def test_fakes_that_hop_between_the_modes_move_and_do_not_progress() -> None:
    watch = Oscillation(count=32, cells=2)
    first = watch.measure(PlacesLook([0.0] * 8))
    assert math.isnan(first["oscillation/hop@toy"])
    hopped = watch.measure(PlacesLook([1.0] * 8))
    assert hopped["oscillation/hop@toy"] == pytest.approx(math.log(2))
    assert hopped["oscillation/progress@toy"] == pytest.approx(0, abs=1e-6)
    spread = watch.measure(PlacesLook([0.0, 1.0] * 4))
    half = spread["oscillation/hop@toy"]
    assert spread["oscillation/progress@toy"] == pytest.approx(half)
    assert watch.measure(PlacesLook([0.0, 1.0] * 4))["oscillation/hop@toy"] == pytest.approx(0, abs=1e-9)


def test_the_costs_of_both_sides_are_watched_for_turning_over_a_restart() -> None:
    watch = Oscillation(count=32, cells=2, ticks=16)
    for place in turning(0.7, 1.0, 40).tolist():
        costs = {"cost/image": 1 + place[0], "cost/generator": 2 + place[1]}
        told = watch.measure(PlacesLook([0.0, 1.0] * 4, costs))
        again = Oscillation(count=32, cells=2, ticks=16)
        again.restore(watch.state())
        watch = again
    assert len(watch.costs) == 16
    assert told["oscillation/angle"] == pytest.approx(0.7, abs=0.05)


# Two samples, and the duality gap


def test_a_new_discriminator_tells_what_can_be_told_and_no_more() -> None:
    blind = Judge(torch.zeros(64))
    draws = torch.Generator().manual_seed(0)
    noise = [0.3 * torch.randn(512, 1, 8, 8, generator=draws) for _ in range(2)]
    far = TwoSample(steps=40).measure(ChosenLook(blind, noise[0] + 0.5, noise[1] - 0.5))
    assert far == {"two-sample/image/auc": 1.0, "two-sample/image/accuracy": 1.0}
    same = TwoSample(steps=40).measure(ChosenLook(blind, *noise))
    assert same["two-sample/image/auc"] == pytest.approx(0.5, abs=0.08)


def test_nothing_is_to_be_won_where_fakes_are_real_and_the_discriminator_knows() -> None:
    class Equal(ToyLook):
        """A game whose generator makes the data, whatever it is given."""

        def fake(self, count: int, *, averaged: bool = True) -> Sample:
            return {"image": self.real_beside(count)["image"].roll(1, 0)}

    game = Equal()
    game._networks = {**game._networks, "image": Judge(torch.zeros(64)).requires_grad_(False)}
    game.task.generate = lambda networks, given: game.fake(len(given["latent"]))  # type: ignore[method-assign]
    game._networks = {"image": game._networks["image"]}
    assert DualityGap(count=64, batch=32).measure(game)["duality-gap/image"] == pytest.approx(0, abs=0.1)


def test_much_is_to_be_won_where_the_game_has_only_begun() -> None:
    assert DualityGap(count=64, batch=32, steps=40).measure(ToyLook())["duality-gap/image"] > 0.5


# Calibration


def test_a_discriminator_that_cannot_tell_pays_the_logarithm_of_four_and_one_that_can_nothing() -> None:
    assert float(cross_entropy(torch.zeros(8), torch.zeros(8))) == pytest.approx(BLIND) == pytest.approx(math.log(4))
    assert float(cross_entropy(torch.full((8,), 50.0), torch.full((8,), -50.0))) < 1e-9


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.01, 3.0), (500.0, -7.0)])
def test_the_log_odds_of_two_normal_distributions_are_found_again(slope: float, shift: float) -> None:
    draws = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(40_000, generator=draws) + side for side in (1, -1))  # log odds 2 x
    found = calibrated((2 * real - shift) / slope, (2 * fake - shift) / slope)
    assert found == pytest.approx((slope, shift), rel=0.05, abs=0.05)


def test_logits_that_say_nothing_or_the_wrong_thing_are_blind_and_no_numbers_are_none() -> None:
    up, down = torch.linspace(0, 1, 16), torch.linspace(-1, 0, 16)
    assert calibrated(down, up) == (0.0, 0.0)
    assert calibrated(torch.ones(4), torch.ones(4)) == (0.0, 0.0)
    assert all(math.isnan(number) for number in calibrated(torch.tensor([math.nan]), up))
    assert all(math.isnan(number) for number in calibrated(torch.ones(0), up))
    slope, _ = calibrated(up + 2, down - 2)
    assert 0 < slope < math.inf
