"""What stands, what is over, and which moments of a run are believed to have been healthy."""

from __future__ import annotations

from typing import Any

import pytest

from ganlab import CheckpointError, Finding, Severity
from ganlab.engine.health import Health


def finding(kimg: float, began: float, severity: Severity = Severity.CRITICAL, **about: Any) -> Finding:
    return Finding("lost-coverage", "it collapsed", severity, kimg, int(kimg), began, {"coverage": 0.1}, **about)


def test_a_critical_finding_makes_a_run_sick_until_it_is_over() -> None:
    health = Health()
    health.hear([], 1)
    assert health.healthy
    health.hear([finding(4, began=2)], 4)
    assert not health.healthy
    assert [each.monitor for each in health.standing] == ["lost-coverage"]
    health.hear([finding(7, began=7, severity=Severity.NOTE, over=True)], 7)
    assert health.healthy
    assert health.standing == ()


def test_a_warning_stands_and_leaves_the_run_healthy() -> None:
    health = Health()
    health.hear([finding(4, began=2, severity=Severity.WARNING)], 4)
    assert health.healthy
    assert len(health.standing) == 1


def test_troubles_of_two_subjects_are_two() -> None:
    health = Health()
    health.hear([finding(1, 1, subject="face"), finding(1, 1, subject="body")], 1)
    health.hear([finding(2, 2, Severity.NOTE, subject="face", over=True)], 2)
    assert [each.subject for each in health.standing] == ["body"]
    assert not health.healthy


def test_a_moment_is_judged_with_hindsight_from_where_the_trouble_began_to_where_it_ended() -> None:
    health = Health()
    health.hear([finding(4, began=2)], 4)
    health.hear([finding(7, began=7, severity=Severity.NOTE, over=True)], 7)
    assert [kimg for kimg in range(10) if health.sick_at(kimg)] == [2, 3, 4, 5, 6]


def test_a_moment_is_proven_three_ticks_later() -> None:
    health = Health()
    for kimg in range(3):
        health.hear([], kimg)
    assert [kimg for kimg in range(3) if health.proven_at(kimg)] == [0]
    health.hear([finding(3, began=0.5)], 3)
    assert [kimg for kimg in range(4) if health.proven_at(kimg)] == [0]
    health.hear([], 4)
    health.hear([], 5)
    assert [kimg for kimg in range(6) if health.proven_at(kimg)] == [0]


def test_a_restart_changes_nothing_of_it() -> None:
    health = Health()
    health.hear([finding(4, began=2, subject="face", causes=("a", "b"))], 4)
    after = Health()
    after.restore(health.state())
    assert after.standing == health.standing
    assert after.state() == health.state()


@pytest.mark.parametrize(
    "state", [{}, {"standing": [{}], "spells": [], "ticks": []}, {"standing": [], "spells": [[1]], "ticks": []}]
)
def test_what_is_no_state_of_health_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="does not tell the run's health"):
        Health().restore(state)
