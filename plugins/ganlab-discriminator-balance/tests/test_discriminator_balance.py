"""A discriminator that has fallen behind is found, and sped up."""

from ganlab_discriminator_balance import OutpacedDiscriminator, SpeedUpDiscriminator

import ganlab.testing
from ganlab.plugins import Plugins

NAME = "probe-gap/image"


def measured(*gaps):
    return [{NAME: gap} for gap in gaps]


def finding(player="image", gap=0.9):
    return ganlab.Finding(
        "outpaced-discriminator", "behind", ganlab.Severity.WARNING, 1, 10, 1, {f"probe-gap/{player}": gap}
    )


def at(tick):
    return ganlab.Progress(round=10 * tick, samples=1000 * tick)


class TestOutpacedDiscriminator(ganlab.testing.MonitorConformance):
    healthy = measured(0.9, 0.1, 0.3, 0.2, 0.9, 0.0, 0.9)
    ill = measured(0.1, 0.9, 0.8, 0.9, 0.9)

    def make(self):
        return OutpacedDiscriminator()


class TestSpeedUpDiscriminator(ganlab.testing.InterventionConformance):
    findings = (finding(),)

    def make(self):
        return SpeedUpDiscriminator()


def test_it_judges_what_ganlab_measures():
    told = Plugins().find("diagnostics", "probe-gap").factory(count=64).measure(ganlab.testing.ToyLook())
    assert NAME in told
    assert len(list(OutpacedDiscriminator(threshold=1e-3, patience=1).judge(told, at(1)))) == 1


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
    said = list(monitor.judge({"probe-gap/frame": 1.0, "probe-gap/motion": 0.0}, at(1)))
    assert [next(iter(each.evidence)) for each in said] == ["probe-gap/frame"]


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


def test_ganlab_finds_both():
    plugins = Plugins()
    for kind, name in (
        ("monitors", "outpaced-discriminator"),
        ("interventions", "speed-up-discriminator"),
    ):
        assert plugins.find(kind, name).origin.distribution == "ganlab-discriminator-balance"
