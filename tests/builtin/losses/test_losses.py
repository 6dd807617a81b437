"""Adversarial losses against numbers worked out by hand, and what each game looks like at its equilibrium."""

from __future__ import annotations

from math import e, exp, log, log1p

import pytest
import torch
from torch import Tensor

import ganlab
from ganlab.builtin.losses import ganlab_register_losses

LOSSES = dict(ganlab_register_losses())
ZERO = torch.zeros(3)


def loss(name: str, **options: float) -> ganlab.Loss:
    return LOSSES[name](**options)


def close(actual: Tensor, *expected: float) -> None:
    torch.testing.assert_close(actual, torch.tensor(expected, dtype=torch.float32), rtol=1e-5, atol=1e-6)


def test_the_seven_are_registered():
    assert list(LOSSES) == [
        "minimax",
        "non-saturating",
        "least-squares",
        "hinge",
        "wasserstein",
        "relativistic-pairing",
        "dual-contrastive",
    ]


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "dual-contrastive"])
def test_costs_keep_the_shape_of_a_map_of_logits(name):
    real, fake = torch.randn(4, 1, 3, 2), torch.randn(4, 1, 3, 2)
    costs = (*loss(name).discriminator(real, fake), loss(name).generator(fake, real))
    assert [tuple(cost.shape) for cost in costs] == [(4, 1, 3, 2)] * 3


@pytest.mark.parametrize("name", LOSSES)
def test_a_view_without_rows_costs_no_row(name):
    empty = torch.zeros(0)
    costs = (*loss(name).discriminator(empty, empty), loss(name).generator(empty, empty))
    assert [cost.numel() for cost in costs] == [0, 0, 0]


@pytest.mark.parametrize("name", LOSSES)
def test_both_players_pull_a_fake_logit_in_opposite_directions(name):
    real, fake = torch.tensor([0.3, -0.2]), torch.tensor([0.1, 0.4], requires_grad=True)
    (down,) = torch.autograd.grad(sum(c.sum() for c in loss(name).discriminator(real, fake)), fake)
    (up,) = torch.autograd.grad(loss(name).generator(fake, real).sum(), fake)
    assert (down > 0).all()
    assert (up < 0).all()


def test_minimax_costs_are_the_logarithms_of_the_sigmoid():
    real, fake = loss("minimax").discriminator(torch.tensor([log(3)]), torch.tensor([log(3)]))
    close(real, -log(3 / 4))
    close(fake, -log(1 / 4))


def test_minimax_is_a_zero_sum_game():
    fake = torch.randn(8)
    _, paid = loss("minimax").discriminator(torch.zeros(8), fake)
    assert torch.equal(loss("minimax").generator(fake), -paid)


def test_minimax_saturates_and_non_saturating_does_not():
    fake = torch.tensor([-10.0], requires_grad=True)
    (minimax,) = torch.autograd.grad(loss("minimax").generator(fake), fake)
    (non_saturating,) = torch.autograd.grad(loss("non-saturating").generator(fake), fake)
    close(minimax, -1 / (1 + exp(10)))
    close(non_saturating, -1 / (1 + exp(-10)))


def test_non_saturating_costs_log_2_where_nothing_can_be_told():
    real, fake = loss("non-saturating").discriminator(ZERO, ZERO)
    for cost in (real, fake, loss("non-saturating").generator(ZERO)):
        close(cost, log(2), log(2), log(2))


def test_one_sided_smoothing_is_cross_entropy_against_a_smaller_target_for_real_data_alone():
    logits = torch.tensor([-2.0, 0.5, 3.0])
    real, fake = loss("non-saturating", smoothing=0.1).discriminator(logits, logits)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    torch.testing.assert_close(real, bce(logits, torch.full((3,), 0.9), reduction="none"))
    torch.testing.assert_close(fake, bce(logits, torch.zeros(3), reduction="none"))


def test_smoothing_makes_the_best_logit_of_real_data_finite():
    best = torch.tensor([log(0.9 / 0.1)], requires_grad=True)
    real, _ = loss("non-saturating", smoothing=0.1).discriminator(best, ZERO)
    (slope,) = torch.autograd.grad(real, best)
    close(slope, 0.0)


def test_least_squares_is_half_the_squared_distance_from_its_targets():
    real, fake = loss("least-squares").discriminator(torch.tensor([3.0]), torch.tensor([-2.0]))
    close(real, 2.0)
    close(fake, 2.0)
    close(loss("least-squares").generator(torch.tensor([-2.0])), 4.5)


def test_least_squares_takes_the_targets_of_the_pearson_divergence():
    pearson = loss("least-squares", real_target=1.0, fake_target=-1.0, generator_target=0.0)
    real, fake = pearson.discriminator(torch.tensor([1.0]), torch.tensor([1.0]))
    close(real, 0.0)
    close(fake, 2.0)
    close(pearson.generator(torch.tensor([3.0])), 4.5)


def test_hinge_charges_the_discriminator_inside_its_margin_only():
    logits = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    real, fake = loss("hinge").discriminator(logits, logits)
    close(real, 3, 2, 1, 0, 0)
    close(fake, 0, 0, 1, 2, 3)
    close(loss("hinge").generator(logits), 2, 1, 0, -1, -2)


def test_wasserstein_costs_are_the_logits():
    real, fake = loss("wasserstein").discriminator(torch.tensor([2.0]), torch.tensor([0.5]))
    close(real, -2.0)
    close(fake, 0.5)
    close(loss("wasserstein").generator(torch.tensor([0.5])), -0.5)


def test_relativistic_pairing_charges_both_players_log_2_where_pairs_are_level():
    level = torch.tensor([5.0, -1.0])
    real, fake = loss("relativistic-pairing").discriminator(level, level)
    close(real + fake, log(2), log(2))
    close(loss("relativistic-pairing").generator(level, level), log(2), log(2))


def test_relativistic_pairing_sees_only_the_difference_within_a_pair():
    real, fake = torch.tensor([1.0 + log(3), 7.0]), torch.tensor([1.0, 7.0 + log(3)])
    first, second = loss("relativistic-pairing").discriminator(real, fake)
    close(first + second, log1p(1 / 3), log1p(3))
    close(loss("relativistic-pairing").generator(fake, real), log1p(3), log1p(1 / 3))


def test_relativistic_pairing_leaves_rows_without_a_partner_out():
    real, fake = torch.tensor([0.0, 0.0, 9.0]), torch.tensor([0.0, 0.0])
    first, second = loss("relativistic-pairing").discriminator(real, fake)
    close(first + second, log(2), log(2))
    close(loss("relativistic-pairing").generator(fake, real), log(2), log(2))


def test_dual_contrastive_is_the_double_loop_over_the_batch():
    real, fake = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([0.3, -0.7])
    real_cost, fake_cost = loss("dual-contrastive").discriminator(real, fake)
    reals, fakes = real.tolist(), fake.tolist()
    close(real_cost, *[-log(e**x / (e**x + sum(e**f for f in fakes))) for x in reals])
    close(fake_cost, *[-log(e**-f / (e**-f + sum(e**-x for x in reals))) for f in fakes])


def test_dual_contrastive_costs_log_of_one_more_than_the_batch_where_nothing_can_be_told():
    real, fake = loss("dual-contrastive").discriminator(ZERO, ZERO)
    close(real, log(4), log(4), log(4))
    close(fake, log(4), log(4), log(4))


def test_dual_contrastive_is_a_zero_sum_game():
    real, fake = torch.randn(5), torch.randn(7)
    paid = sum(cost.mean() for cost in loss("dual-contrastive").discriminator(real, fake))
    torch.testing.assert_close(loss("dual-contrastive").generator(fake, real).mean(), -paid)


def test_dual_contrastive_contrasts_a_map_position_by_position():
    real, fake = torch.randn(4, 1, 2, 2), torch.randn(4, 1, 2, 2)
    whole = loss("dual-contrastive").discriminator(real, fake)
    corner = loss("dual-contrastive").discriminator(real[:, 0, 1, 0], fake[:, 0, 1, 0])
    torch.testing.assert_close([cost[:, 0, 1, 0] for cost in whole], list(corner))


@pytest.mark.parametrize("name", LOSSES)
def test_only_losses_that_compare_ask_for_real_logits_in_the_generators_turn(name):
    assert LOSSES[name].compares is (name in ("relativistic-pairing", "dual-contrastive"))


@pytest.mark.parametrize("name", LOSSES)
def test_logits_of_a_thousand_do_not_overflow(name):
    real, fake = torch.tensor([1000.0, -1000.0]), torch.tensor([-1000.0, 1000.0], requires_grad=True)
    cost = sum(c.sum() for c in loss(name).discriminator(real, fake)) + loss(name).generator(fake, real).sum()
    (gradient,) = torch.autograd.grad(cost, fake)
    assert cost.isfinite()
    assert gradient.isfinite().all()
