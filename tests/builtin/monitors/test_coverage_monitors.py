"""When monitors speak, and that they speak once."""

from __future__ import annotations

from collections.abc import Sequence

from ganlab import Finding, Progress, Severity, Stop
from ganlab.builtin.interventions.stop import StopOnFinding
from ganlab.builtin.monitors.lost_coverage import LostCoverage
from ganlab.builtin.monitors.never_covered import NeverCovered
from ganlab.interfaces.monitor import Monitor
from ganlab.testing import InterventionConformance, MonitorConformance

HEALTHY = [0.0, 0.1, 0.3, 0.5, 0.6, 0.65, 0.62, 0.66, 0.64, 0.67]


def findings(monitor: Monitor, values: Sequence[float], budget: int | None = None) -> list[tuple[int, Finding]]:
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


def test_stopping_is_for_critical_findings_of_the_named_monitors() -> None:
    ((_, finding),) = findings(LostCoverage(), [*HEALTHY, 0.2, 0.1])
    at = Progress()
    assert list(StopOnFinding().answer((finding,), {}, at)) == [Stop(f"lost-coverage: {finding.sentence}")]
    assert list(StopOnFinding(monitors=("other",)).answer((finding,), {}, at)) == []
    assert list(StopOnFinding().answer((), {}, at)) == []


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


class TestStop(InterventionConformance):
    findings = tuple(each for _, each in findings(LostCoverage(), [*HEALTHY, 0.2, 0.1]))

    def make(self) -> StopOnFinding:
        return StopOnFinding()
