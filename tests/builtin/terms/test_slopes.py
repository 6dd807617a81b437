"""Penalties on a discriminator's slope, against discriminators whose slope is known in closed form."""

from __future__ import annotations

import pytest
import torch

from ganlab import Verdict, View

W = torch.tensor([3.0, 4.0])
"""A linear discriminator with this weight has slope 5 everywhere."""

SLOPES = ("r1", "r2", "gradient-penalty", "dragan")


def linear(data, given):
    return data @ W


def bowl(data, given):
    return 0.5 * data.square().flatten(1).sum(1)


def views(real, fake, **more):
    return {"image": (View(real, **more), View(fake, **more))}


@pytest.fixture
def points():
    return torch.randn(4, 2, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("name", "expected"), [("r1", 12.5), ("r2", 12.5), ("gradient-penalty", 16.0), ("dragan", 16.0)]
)
def test_a_linear_discriminator_pays_for_the_norm_of_its_weight(name, expected, term, table, points):
    cost = term(name).cost(table(linear, views(points, -points)))
    torch.testing.assert_close(cost, torch.full((4,), expected))


def test_r1_of_a_bowl_is_half_the_squared_norm_of_real_data_and_r2_of_fakes(term, table, points):
    turn = table(bowl, views(points, 2 * points))
    torch.testing.assert_close(term("r1").cost(turn), 0.5 * points.square().sum(1))
    torch.testing.assert_close(term("r2").cost(turn), 2.0 * points.square().sum(1))


def test_the_gradient_penalty_of_a_bowl_is_taken_between_each_pair(term, table):
    real, fake = torch.tensor([[2.0, 0.0]]).repeat(500, 1), torch.tensor([[6.0, 0.0]]).repeat(500, 1)
    places = term("gradient-penalty", target=0.0).cost(table(bowl, views(real, fake), rows=500)).detach().sqrt()
    assert 2 <= places.min() < 2.1
    assert 5.9 < places.max() <= 6
    assert places.mean() == pytest.approx(4.0, abs=0.15)  # 4 / sqrt(12 * 500) = 0.05 is one standard error.


def test_the_gradient_penalty_takes_one_place_for_a_whole_image(term, table):
    real, fake = torch.zeros(4, 1, 2, 2), torch.ones(4, 1, 2, 2)
    seen = []
    term("gradient-penalty").cost(table(lambda data, given: seen.append(data) or bowl(data, given), views(real, fake)))
    pixels = seen[0].detach().flatten(1)
    assert torch.equal(pixels, pixels[:, :1].expand(4, 4))
    assert pixels[:, 0].unique().numel() == 4


def test_dragan_looks_around_real_data_alone(term, table):
    real, fake = torch.ones(1000, 2), torch.full((1000, 2), 100.0)
    seen = []
    turn = table(lambda data, given: seen.append(data) or bowl(data, given), views(real, fake), rows=1000)
    term("dragan", deviation=0.5).cost(turn)
    assert len(seen) == 1
    assert seen[0].mean().item() == pytest.approx(1.0, abs=0.04)  # 0.5 / sqrt(2000) = 0.011 is one standard error.
    assert seen[0].std().item() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("target", "expected"), [(1.0, 16.0), (0.0, 25.0), (7.0, 0.0)])
def test_one_sided_charges_only_slopes_above_the_target(target, expected, term, table, points):
    penalty = term("gradient-penalty", target=target, one_sided=True)
    torch.testing.assert_close(penalty.cost(table(linear, views(points, points))), torch.full((4,), expected))


@pytest.mark.parametrize(("name", "expected"), [("r1", [3.0, 4.0]), ("gradient-penalty", [4.8, 6.4])])
def test_the_cost_reaches_the_discriminators_weights(name, expected, term, table, points):
    # d/dw of 1/2 |w|^2 is w; of (|w| - 1)^2 it is 2 (|w| - 1) w / |w| = 1.6 w.
    weight = W.clone().requires_grad_(True)
    term(name).cost(table(lambda data, given: data @ weight, views(points, -points))).mean().backward()
    torch.testing.assert_close(weight.grad, torch.tensor(expected))


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_of_zero_has_a_finite_gradient(name, term, table, points):
    weight = torch.zeros(2, requires_grad=True)
    term(name).cost(table(lambda data, given: data @ weight, views(points, -points))).mean().backward()
    assert weight.grad.isfinite().all()


@pytest.mark.parametrize("name", SLOPES)
def test_a_map_of_logits_counts_as_its_mean(name, term, table, points):
    def everywhere(data, given):
        return linear(data, given).reshape(-1, 1, 1, 1).expand(-1, 1, 3, 3)

    patches = term(name).cost(table(everywhere, views(points, -points)))
    torch.testing.assert_close(patches, term(name).cost(table(linear, views(points, -points))))


def test_several_judgements_are_summed(term, table, points):
    turn = table(
        lambda data, given: Verdict({"a": linear(data, given), "b": linear(data, given)}), views(points, points)
    )
    torch.testing.assert_close(term("r1").cost(turn), torch.full((4,), 50.0))


def test_the_condition_is_handed_on_and_not_differentiated(term, table, points):
    given = torch.tensor([1.0, 2.0, 3.0, 4.0])
    turn = table(lambda data, given: linear(data, given) * given, views(points, -points, given=given))
    torch.testing.assert_close(term("r1").cost(turn), 12.5 * given.square())


def test_a_player_of_several_views_pays_the_sum_of_their_means(term, table, points):
    pair = (View(points, judge="image"), View(points, judge="image"))
    turn = table(linear, {"a": pair, "b": pair})
    torch.testing.assert_close(term("r1").cost(turn).mean(), torch.tensor(25.0))


@pytest.mark.parametrize("name", SLOPES)
def test_a_view_without_rows_costs_nothing_and_can_be_backpropagated(name, term, table):
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.LazyLinear(1))
    network(torch.zeros(1, 1, 5, 5))
    empty = torch.zeros(0, 1, 5, 5)
    rows = torch.zeros(0, dtype=torch.int64)
    cost = term(name).cost(table(lambda data, given: network(data), views(empty, empty, rows=rows)))
    assert cost.shape == (0,)
    cost.sum().backward()
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in network.parameters())


def test_regions_of_one_sample_share_its_place_on_the_line(term, table):
    rows = torch.tensor([0, 0, 3])
    seen = []
    turn = table(
        lambda data, given: seen.append(data) or bowl(data, given),
        views(torch.zeros(3, 1), torch.ones(3, 1), rows=rows),
    )
    term("gradient-penalty").cost(turn)
    first, second, third = seen[0].flatten().tolist()
    assert first == second != third


def test_regions_without_a_partner_are_left_out_with_their_condition(term, table):
    real = View(torch.ones(3, 2), given=torch.tensor([1.0, 2.0, 9.0]), rows=torch.tensor([0, 1, 2]))
    fake = View(torch.ones(2, 2), given=torch.tensor([1.0, 2.0]), rows=torch.tensor([0, 1]))
    turn = table(lambda data, given: linear(data, given) * given, {"image": (real, fake)})
    torch.testing.assert_close(term("gradient-penalty").cost(turn), torch.tensor([16.0, 81.0]))


@pytest.mark.parametrize("name", SLOPES)
def test_fakes_of_reduced_precision_are_judged_in_float32(name, term, table, points):
    turn = table(linear, views(points, -points.bfloat16()))
    assert term(name).cost(turn).dtype == torch.float32


@pytest.mark.parametrize("name", SLOPES)
def test_data_that_cannot_be_differentiated_are_refused_by_name(name, term, table, refuses):
    tokens = views(torch.zeros(4, 7, dtype=torch.int64), torch.zeros(4, 7, dtype=torch.int64))
    refuses(name, lambda: term(name).cost(table(linear, tokens)), "int64")
    words = views(["a cat"], ["a dog"])
    refuses(name, lambda: term(name).cost(table(linear, words)), "a list")


@pytest.mark.parametrize("name", SLOPES)
def test_a_player_that_judges_nothing_cannot_be_charged(name, term, table, refuses):
    points = views(torch.zeros(4, 2), torch.zeros(4, 2))
    refuses(name, lambda: term(name).cost(table(linear, points, player="generator")), "'generator'")


@pytest.mark.parametrize("name", SLOPES)
def test_the_slope_is_taken_in_float32_inside_autocast(name, term, table):
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    turn = views(torch.randn(4, 2), torch.randn(4, 2))

    def judge(data, given):
        with torch.autocast("cpu", enabled=False):
            return network(data)

    full = term(name).cost(table(judge, turn))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = term(name).cost(table(judge, turn))
    assert torch.equal(full, mixed)
