"""Players: averages, schedules and state, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import BatchNorm1d, Linear, Sequential

from ganlab import Progress
from ganlab.engine.player import Average, Player
from ganlab.engine.schedule import Constant, Fall, Path


def at(samples: int) -> Progress:
    return Progress(round=0, samples=samples)


def constant(value: float) -> Linear:
    return filled(Linear(1, 1), value)


def filled(layer: Linear, value: float) -> Linear:
    torch.nn.init.constant_(layer.weight, value)
    torch.nn.init.constant_(layer.bias, value)
    return layer


def test_after_one_half_life_the_average_has_gone_half_the_way() -> None:
    network = constant(0.0)
    average = Average(network, half_life_kimg=1.0, ramp_up=None, from_kimg=0.0)
    filled(network, 1.0)
    average.update(at(5000), samples=1000)
    assert average.network.weight.item() == pytest.approx(0.5)
    average.update(at(6000), samples=1000)
    assert average.network.weight.item() == pytest.approx(0.75)


def test_a_young_run_forgets_faster() -> None:
    network = constant(0.0)
    average = Average(network, half_life_kimg=1000.0, ramp_up=0.1, from_kimg=0.0)
    filled(network, 1.0)
    average.update(at(1000), samples=100)
    assert average.network.weight.item() == pytest.approx(1 - 0.5 ** (100 / 100))


def test_before_its_start_the_average_is_a_copy() -> None:
    network = constant(0.0)
    average = Average(network, half_life_kimg=1.0, ramp_up=None, from_kimg=2.0)
    filled(network, 1.0)
    average.update(at(1000), samples=10)
    assert average.network.weight.item() == 1.0


def test_buffers_are_copied_not_averaged() -> None:
    network = Sequential(Linear(2, 2), BatchNorm1d(2))
    average = Average(network, half_life_kimg=1000.0, ramp_up=None, from_kimg=0.0)
    network(torch.randn(16, 2))
    average.update(at(16), samples=16)
    assert torch.equal(average.network[1].running_mean, network[1].running_mean)
    assert average.network[1].num_batches_tracked == 1


@pytest.mark.parametrize(
    ("kimg", "factor"), [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0), (4.0, 1.0), (6.0, 0.55), (8.0, 0.1), (9.0, 0.1)]
)
def test_a_linear_schedule_warms_up_stays_and_falls(kimg: float, factor: float) -> None:
    fall = Fall("linear", warm_up_kimg=2.0, from_kimg=4.0, until_kimg=8.0, final=0.1)
    assert fall(at(int(kimg * 1000))) == pytest.approx(factor)


def test_a_cosine_schedule_is_halfway_down_in_the_middle() -> None:
    fall = Fall("cosine", warm_up_kimg=0.0, from_kimg=0.0, until_kimg=8.0, final=0.0)
    assert fall(at(4000)) == pytest.approx(0.5)
    assert fall(at(2000)) == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_a_step_schedule_multiplies_at_each_step() -> None:
    fall = Fall("step", warm_up_kimg=0.0, from_kimg=0.0, until_kimg=100.0, final=0.5, every_kimg=10.0)
    assert [fall(at(kimg * 1000)) for kimg in (5, 10, 25, 39)] == [1.0, 0.5, 0.25, 0.125]


def test_weights_stay_or_move_by_equal_steps_or_equal_factors() -> None:
    steps = Path(1.0, 3.0, from_kimg=2.0, until_kimg=4.0)
    assert [steps(at(kimg * 1000)) for kimg in (0, 2, 3, 4, 9)] == [1.0, 1.0, 2.0, 3.0, 3.0]
    factors = Path(1.0, 0.01, from_kimg=0.0, until_kimg=4.0, geometric=True)
    assert [factors(at(kimg * 1000)) for kimg in (0, 2, 4)] == pytest.approx([1.0, 0.1, 0.01])
    assert Constant(0.3)(at(7)) == 0.3


def test_the_schedule_moves_the_learning_rate_and_an_intervention_multiplies_it() -> None:
    network = constant(0.0)
    player = Player("p", network, lambda each: torch.optim.SGD(each, lr=1.0), schedule=lambda progress: 0.5)
    player.learning_rate_factor = 0.1
    player.backward(network(torch.ones(1, 1)).sum())
    player.step(at(0))
    assert network.weight.item() == pytest.approx(-0.05)


def test_state_goes_through_and_names_parameters() -> None:
    def fresh(value: float) -> Player:
        return Player("p", constant(value), lambda each: torch.optim.Adam(each, lr=0.1))

    first, second = fresh(0.0), fresh(5.0)
    first.backward(first.network(torch.ones(1, 1)).sum())
    first.step(at(0))
    assert set(first.state()["optimizer"]) == {"weight", "bias"}
    second.restore(first.state())
    for player in (first, second):
        player.forget_gradients()
        player.backward(player.network(torch.ones(1, 1)).sum())
        player.step(at(0))
    assert torch.equal(first.network.weight, second.network.weight)
