"""When monitors speak, and that they speak once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganlab import Finding, Progress, Severity
from ganlab.builtin.monitors.averaged_collapse import AveragedCollapse
from ganlab.builtin.monitors.lost_coverage import LostCoverage
from ganlab.builtin.monitors.never_covered import NeverCovered
from ganlab.builtin.monitors.partial_collapse import PartialCollapse
from ganlab.interfaces.monitor import Monitor
from ganlab.testing import MonitorConformance
from ganlab.testing.watch import findings as judged

HEALTHY = [0.0, 0.1, 0.3, 0.5, 0.6, 0.65, 0.62, 0.66, 0.64, 0.67]


def findings(monitor: Monitor, values: Sequence[float], budget: int | None = None) -> list[tuple[int, Finding]]:
    """The tick at which each trouble was found."""
    return [(tick, each) for tick, each in all_findings(monitor, values, budget) if not each.over]


def ends(monitor: Monitor, values: Sequence[float], budget: int | None = None) -> list[int]:
    """The ticks at which a trouble was over."""
    return [tick for tick, each in all_findings(monitor, values, budget) if each.over]


def all_findings(monitor: Monitor, values: Sequence[float], budget: int | None = None) -> list[tuple[int, Finding]]:
    """The tick at which each finding was made."""
    made = []
    for tick, value in enumerate(values):
        progress = Progress(tick, tick * 1000, tick / (budget or len(values)))
        made += [(tick, each) for each in monitor.judge({"coverage@flatten": value}, progress)]
    return made


def test_a_healthy_run_is_left_alone() -> None:
    assert findings(LostCoverage(), HEALTHY) == []
    assert findings(NeverCovered(), HEALTHY) == []


def test_a_sudden_collapse_is_found_at_the_second_tick_after_it_and_said_once() -> None:
    ((tick, finding),) = findings(LostCoverage(), [*HEALTHY, 0.2, 0.1, 0.1, 0.1])
    assert tick == len(HEALTHY) + 1
    assert finding.severity is Severity.CRITICAL
    assert finding.began_kimg == len(HEALTHY)
    assert "collapsed" in finding.sentence


def test_one_bad_tick_is_forgiven_and_a_second_collapse_is_said_again() -> None:
    assert findings(LostCoverage(), [*HEALTHY, 0.2, 0.6, 0.6]) == []
    made = findings(LostCoverage(), [*HEALTHY, 0.2, 0.1, 0.6, 0.6, 0.1, 0.1])
    assert [tick - len(HEALTHY) for tick, _ in made] == [1, 5]


def test_a_collapse_is_over_at_the_second_tick_on_which_coverage_is_back() -> None:
    assert ends(LostCoverage(), [*HEALTHY, 0.2, 0.1, 0.6, 0.1, 0.6, 0.6, 0.6]) == [len(HEALTHY) + 5]


def test_a_peak_of_the_beginning_is_forgotten_slowly() -> None:
    peak, plateau = [0.2, 0.57, 0.57, 0.57], [0.42] * 40
    assert findings(LostCoverage(), [*peak, *plateau, 0.33, 0.33]) == []
    assert len(findings(LostCoverage(), [*peak, 0.33, 0.33])) == 1
    assert len(findings(LostCoverage(), [*peak, *plateau, 0.2, 0.2])) == 1


def test_a_slow_decline_is_found_too() -> None:
    """From 0.6 to 0.2 in forty ticks."""
    ((tick, _),) = findings(LostCoverage(), [0.6] * 10 + [0.6 - 0.01 * each for each in range(41)])
    assert 30 < tick < 45


def test_the_raw_generator_may_fall_to_a_third_and_come_back() -> None:
    raw = [{"coverage@flatten": 0.43, "coverage/raw@flatten": value} for value in (0.3, 0.5, 0.5, 0.19, 0.19, 0.3)]
    assert said(LostCoverage(), raw) == []
    (finding,) = said(LostCoverage(), [*raw, *[{"coverage@flatten": 0.43, "coverage/raw@flatten": 0.1}] * 2])
    assert finding.sentence == "the generator has collapsed: it reaches 10% of the real samples, down from 44%"


def test_a_raw_coverage_that_is_measured_rarely_is_judged_by_its_own_readings() -> None:
    """At every fifth tick; the average is a blob that is near to everything all the time."""
    raw = [0.5, 0.5, 0.5, 0.1, 0.1, 0.1]
    run = [
        {"coverage@net": 0.53} | ({"coverage/raw@net": raw[tick // 5]} if tick % 5 == 0 else {}) for tick in range(30)
    ]
    (finding,) = said(LostCoverage(), run)
    assert (finding.began_kimg, finding.kimg) == (15.0, 20.0)
    starved = [{"coverage@net": 0.53} | ({"coverage/raw@net": 0.02} if tick % 5 == 0 else {}) for tick in range(60)]
    (finding,) = said(NeverCovered(), starved)
    assert finding.evidence["best"] == 0.02


def test_kinds_that_are_lost_are_found_where_coverage_stays() -> None:
    """A grid of 25 modes that fell to 10 of them, as measured: what is left is made the better."""
    coverage, wide = [0.40, 0.38, 0.42, 0.24, 0.31, 0.30, 0.32], [0.93, 0.92, 0.98, 0.79, 0.61, 0.64, 0.60]
    run = [{"coverage@net": a, "coverage-wide@net": b} for a, b in zip(coverage, wide, strict=True)]
    (finding,) = said(LostCoverage(), run)
    assert (finding.began_kimg, finding.kimg) == (4.0, 5.0)
    assert finding.sentence == "the generator has collapsed: it comes near 64% of the real samples, down from 95%"
    assert finding.evidence["coverage-wide"] == 0.64
    assert said(LostCoverage(), [{"coverage@net": each} for each in coverage]) == []


def test_a_wide_coverage_is_judged_by_field_and_not_where_a_measurement_is_named() -> None:
    run = [{"coverage/b@net": 0.4, "coverage-wide/b@net": value} for value in [0.9] * 9 + [0.5] * 3]
    (finding,) = said(LostCoverage(), run)
    assert finding.subject == "b"
    assert said(LostCoverage(measurement="coverage/b"), run) == []


def test_fields_are_judged_apart() -> None:
    run = [{"coverage/a@flatten": 0.6, "coverage/b@flatten": value} for value in [*HEALTHY, 0.1, 0.1]]
    (finding,) = said(LostCoverage(), run)
    assert finding.subject == "b"


def test_coverage_of_training_data_counts_where_both_are_measured() -> None:
    run = [{"coverage@net": 0.1, "coverage-training@net": value} for value in HEALTHY * 6]
    assert said(NeverCovered(), run) == []


def test_the_player_that_moved_too_far_comes_first_among_the_causes() -> None:
    fast = {"update/generator": 0.12, "update/image": 0.004, "balance/image/auc": 0.99, "balance/image/logit-gap": 6.0}
    usual = {"update/generator": 0.003, "update/image": 0.003, "balance/image/auc": 0.6, "balance/image/logit-gap": 0.1}
    run = [{"coverage@flatten": value} | usual for value in HEALTHY]
    (finding,) = said(LostCoverage(), [*run, *[{"coverage@flatten": 0.1} | fast] * 2])
    assert finding.causes[0] == "player 'generator' moved 40 times as far in a step as it used to"
    assert finding.causes[1] == "discriminator 'image' tells nearly every fake (AUC 0.99, logits 6.0 apart)"
    assert "players.generator.optimizer.lr" in finding.advice
    assert finding.evidence["update-ratio/generator"] == 40.0


def test_a_stale_discriminator_comes_first_where_the_probe_tells_it() -> None:
    run = [{"coverage@flatten": 0.05, "probe-gap/point": 0.9}] * 60
    (finding,) = said(NeverCovered(), run)
    assert finding.causes[0].startswith("discriminator 'point' has fallen behind the generator")
    assert "raise players.point.optimizer.lr" in finding.advice


def test_a_discriminator_that_learns_far_too_slowly_comes_first_where_nobody_probed_it() -> None:
    rates = {"learning-rate/generator": 1e-3, "learning-rate/point": 1e-5, "balance/point/auc": 0.25}
    (finding,) = said(NeverCovered(), [{"coverage@flatten": 0.05} | rates] * 60)
    assert finding.causes[0] == "discriminator 'point' learns 100 times more slowly than the generator (1e-05)"
    assert "raise players.point.optimizer.lr to the generator's" in finding.advice


def test_an_average_that_is_near_to_everything_hides_no_collapse_of_the_raw_generator() -> None:
    """As measured on digits with a starved discriminator: the average is a blob in the middle of the data."""
    run = [{"coverage@projection-128": 0.53, "coverage/raw@projection-128": 0.02}] * 60
    (finding,) = said(NeverCovered(), run)
    assert "never reached more than 2%" in finding.sentence


def test_a_run_that_finds_the_data_late_is_told_so() -> None:
    assert ends(NeverCovered(), [0.05] * 70 + [0.4] * 30) == [70]


def test_what_an_older_ganlab_remembered_is_taken_back() -> None:
    lost = LostCoverage()
    lost.restore({"smoothed": 0.6, "best": 0.65, "since": 9.0, "for": 1})
    ((tick, finding),) = findings(lost, [0.1])
    assert (tick, finding.began_kimg) == (0, 9.0)
    nowhere = NeverCovered()
    nowhere.restore({"best": 0.02, "said": True})
    assert findings(nowhere, [0.05] * 100) == []


def test_a_run_that_never_had_coverage_cannot_lose_it() -> None:
    assert findings(LostCoverage(), [0.2, 0.25, 0.05, 0.0, 0.0]) == []


def test_not_a_number_is_no_collapse() -> None:
    assert findings(LostCoverage(), [*HEALTHY, float("nan"), float("nan")]) == []


def test_a_run_that_never_finds_the_data_is_told_halfway_and_once() -> None:
    ((tick, finding),) = findings(NeverCovered(), [0.05] * 100)
    assert tick == 48
    assert "has not found the data" in finding.sentence


def test_one_good_tick_before_half_time_is_enough() -> None:
    assert findings(NeverCovered(), [0.0] * 40 + [0.3] + [0.0] * 59) == []


def said(monitor: Monitor, run: Sequence[Mapping[str, float]]) -> list[Finding]:
    """The troubles found in those ticks of 100."""
    return [each for each in judged(monitor, run) if not each.over]


def ticks(values: Sequence[float]) -> list[dict[str, float]]:
    return [{"coverage@flatten": value} for value in values]


class TestLostCoverage(MonitorConformance):
    healthy = ticks(HEALTHY)
    ill = ticks([*HEALTHY, 0.2, 0.1, 0.1])

    def make(self) -> LostCoverage:
        return LostCoverage()


class TestNeverCovered(MonitorConformance):
    healthy = ticks(HEALTHY)
    ill = ticks([0.05] * 60)

    def make(self) -> NeverCovered:
        return NeverCovered()


def both(averaged: float, raw: float) -> dict[str, float]:
    return {"coverage@flatten": averaged, "coverage/raw@flatten": raw}


class TestAveragedCollapse(MonitorConformance):
    healthy = [*[both(0.0, 0.3)] * 20, *[both(0.4, 0.6)] * 10]
    ill = [*[both(0.5, 0.6)] * 25, *[both(0.1, 0.6)] * 10]

    def make(self) -> AveragedCollapse:
        return AveragedCollapse()

    def test_what_the_raw_generator_has_lost_too_is_not_the_averages_fault(self) -> None:
        assert said(self.make(), [*[both(0.5, 0.6)] * 25, *[both(0.1, 0.1)] * 10]) == []

    def test_it_is_over_when_the_average_follows(self) -> None:
        _, end = judged(self.make(), [*self.ill, *[both(0.5, 0.6)] * 3])
        assert end.over
        assert end.monitor == "averaged-collapse"


def missed(share: float, coverage: float) -> dict[str, float]:
    return {"ndb-under@flatten": share, "coverage@flatten": coverage}


class TestPartialCollapse(MonitorConformance):
    healthy = [*[missed(0.5, 0.3)] * 30, *[missed(0.34, 0.57)] * 40]
    """Early on every run leaves kinds out; later the worst of a ring with 8 of 8 modes."""
    ill = [missed(0.6, 0.31)] * 60
    """A ring with a discriminator twenty times too fast: it keeps to some of its modes."""

    def make(self) -> PartialCollapse:
        return PartialCollapse()

    def test_neither_of_the_other_rules_finds_it(self) -> None:
        assert said(LostCoverage(), self.ill) == said(NeverCovered(), self.ill) == []

    def test_a_run_that_reaches_nothing_has_not_collapsed_in_part(self) -> None:
        assert said(self.make(), [missed(0.75, 0.02)] * 60) == []

    def test_it_is_over_when_all_kinds_are_made(self) -> None:
        _, end = judged(self.make(), [*self.ill, *[missed(0.1, 0.6)] * 4])
        assert end.over
