"""A discriminator that could still learn is told from one that could not, found, and sped up."""

import math

import pytest
import torch
from ganlab_discriminator_balance import (
    DiscriminatorProbe,
    OutpacedDiscriminator,
    SpeedUpDiscriminator,
    cross_entropy,
)

import ganlab.testing
from ganlab.plugins import Plugins

NAME = "discriminator-probe/image"


def measured(*gaps):
    return [{NAME: gap} for gap in gaps]


def finding(player="image", gap=0.9):
    return ganlab.Finding(
        "outpaced-discriminator", "behind", ganlab.Severity.WARNING, 1, 10, 1, {f"discriminator-probe/{player}": gap}
    )


def at(tick):
    return ganlab.Progress(round=10 * tick, samples=1000 * tick)


class TestDiscriminatorProbe(ganlab.testing.DiagnosticConformance):
    def make(self):
        return DiscriminatorProbe(count=64)


class TestOutpacedDiscriminator(ganlab.testing.MonitorConformance):
    healthy = measured(0.9, 0.1, 0.3, 0.2, 0.9, 0.0, 0.9)
    ill = measured(0.1, 0.9, 0.8, 0.9, 0.9)

    def make(self):
        return OutpacedDiscriminator()


class TestSpeedUpDiscriminator(ganlab.testing.InterventionConformance):
    findings = (finding(),)

    def make(self):
        return SpeedUpDiscriminator()


def trained(look, steps):
    """The same game after `steps` more of the discriminator alone."""
    network = look.networks()["image"].requires_grad_(True)
    optimizer = torch.optim.Adam(network.parameters(), 2e-2)
    pair = (ganlab.View(look.real_beside(64)["image"]), ganlab.View(look.fake(64)["image"]))
    for _ in range(steps):
        optimizer.zero_grad()
        cross_entropy(network, [pair]).backward()
        optimizer.step()
    network.requires_grad_(False)
    return look


def test_an_untrained_discriminator_could_gain_much_and_a_trained_one_nothing():
    probe = DiscriminatorProbe(count=64, lr=2e-2)
    behind = probe.measure(ganlab.testing.ToyLook())[NAME]
    ahead = probe.measure(trained(ganlab.testing.ToyLook(), 300))[NAME]
    assert 0.3 < behind < 2 * math.log(2) + 0.2
    assert abs(ahead) < 0.01


def test_a_discriminator_that_cannot_tell_pays_twice_the_logarithm_of_two():
    def undecided(data, given):
        return torch.zeros(len(data))

    view = ganlab.View(torch.zeros(3, 2))
    assert cross_entropy(undecided, [(view, view)]).item() == pytest.approx(2 * math.log(2))


def test_the_finding_says_who_since_when_and_how_much():
    monitor = OutpacedDiscriminator(patience=3)
    said = [each for tick, one in enumerate(measured(0.1, 0.5, 0.6, 0.7)) for each in monitor.judge(one, at(tick))]
    assert len(said) == 1
    assert (said[0].began_kimg, said[0].kimg, said[0].evidence[NAME]) == (1.0, 3.0, 0.7)
    assert "'image'" in said[0].sentence


def test_falling_behind_again_is_a_finding_again():
    monitor = OutpacedDiscriminator()
    said = [len(list(monitor.judge(one, at(tick)))) for tick, one in enumerate(measured(1, 1, 1, 0, 1, 1))]
    assert said == [0, 1, 0, 0, 0, 1]


def test_each_discriminator_is_judged_on_its_own():
    monitor = OutpacedDiscriminator(patience=1)
    said = list(monitor.judge({"discriminator-probe/frame": 1.0, "discriminator-probe/motion": 0.0}, at(1)))
    assert [next(iter(each.evidence)) for each in said] == ["discriminator-probe/frame"]


def test_the_rate_is_doubled_while_the_discriminator_stays_behind():
    intervention = SpeedUpDiscriminator()
    doubled = [
        [action.factor for action in intervention.answer((finding(),) if tick == 0 else (), measurements, at(tick))]
        for tick, measurements in enumerate([*measured(0.9, 0.8), {}, *measured(0.7, 0.2, 0.9)])
    ]
    assert doubled == [[2.0], [2.0], [], [2.0], [], []]


def test_the_rate_is_raised_no_more_often_than_allowed():
    intervention = SpeedUpDiscriminator(limit=2)
    answers = [list(intervention.answer((finding(),), {NAME: 0.9}, at(tick))) for tick in range(4)]
    assert [len(each) for each in answers] == [1, 1, 0, 0]


def test_others_findings_are_not_its_business():
    other = ganlab.Finding("lost-coverage", "collapsed", ganlab.Severity.CRITICAL, 1, 10, 1, {NAME: 0.9})
    assert list(SpeedUpDiscriminator().answer((other,), {NAME: 0.9}, at(1))) == []


def test_ganlab_finds_all_three():
    plugins = Plugins()
    for kind, name in (
        ("diagnostics", "discriminator-probe"),
        ("monitors", "outpaced-discriminator"),
        ("interventions", "speed-up-discriminator"),
    ):
        assert plugins.find(kind, name).origin.distribution == "ganlab-discriminator-balance"
