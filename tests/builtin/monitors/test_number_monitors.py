"""Players that stand still, numbers that run away, and numbers that are none."""

from __future__ import annotations

import math

import pytest

from ganlab import Severity
from ganlab.builtin.monitors.dead_player import DeadPlayer
from ganlab.builtin.monitors.divergence import Divergence
from ganlab.builtin.monitors.non_finite import NonFinite
from ganlab.testing import MonitorConformance
from ganlab.testing.watch import findings


def moving(update: float = 1e-3, gradient: float = 1.0, rate: float = 1e-3) -> dict[str, float]:
    return {"update/generator": update, "gradient-norm/generator": gradient, "learning-rate/generator": rate}


class TestDeadPlayer(MonitorConformance):
    healthy = [moving(1e-4, rate=1e-6), *[moving()] * 20, *[moving(1e-6, rate=1e-6)] * 10]
    """A schedule begins and ends near 0, and a player that it puts to rest is not dead."""
    ill = [*[moving()] * 10, *[moving(1e-6)] * 5]

    def make(self) -> DeadPlayer:
        return DeadPlayer()

    def test_one_without_a_gradient_is_dead_whatever_its_optimiser_does(self) -> None:
        (finding,) = findings(self.make(), [*[moving()] * 10, *[moving(1e-3, gradient=0.0)] * 3])
        assert finding.sentence == "'generator' no longer gets a gradient: it is dead"
        assert finding.severity is Severity.WARNING
        assert finding.began_kimg == 10.0

    @pytest.mark.parametrize(
        ("charged", "severity"),
        [("cost/image/generator", Severity.CRITICAL), ("cost/generator/real", Severity.WARNING)],
    )
    def test_a_generator_without_a_gradient_is_critical(self, charged: str, severity: Severity) -> None:
        (finding,) = findings(self.make(), [{charged: 0.5, **moving(gradient=0.0)}] * 3)
        assert finding.severity is severity

    def test_it_may_live_again(self) -> None:
        _, end = findings(self.make(), [*self.ill, *[moving()] * 3])
        assert end.over


def running(gradient: float = 1.0, cost: float = 1.4, gap: float = 0.5) -> dict[str, float]:
    return {
        "gradient-norm/image": gradient,
        "cost/image": cost,
        "balance/image/logit-gap": gap,
        "update/image": gradient / 1000,
    }


class TestDivergence(MonitorConformance):
    healthy = [running(gradient) for gradient in (0.1, 0.3, 1.0, 2.0, 3.0, 9.0, 5.0, 8.0, 4.0, 12.0, 9.0)]
    ill = [*[running()] * 10, *[running(200.0)] * 5]

    def make(self) -> Divergence:
        return Divergence()

    def test_it_names_the_number_and_how_many_times_too_large_it_is(self) -> None:
        (finding,) = findings(self.make(), self.ill)
        assert finding.severity is Severity.CRITICAL
        assert finding.subject == "image"
        assert finding.sentence == "'image' runs away: gradient-norm/image is 200, 200 times what is usual"
        assert finding.causes[0] == "player 'image' moved 200 times as far in a step as it used to"

    def test_logits_sixty_times_as_far_apart_as_usual_are_found(self) -> None:
        """Digits, its discriminator's rate times fifty: the gap went from 0.7 to 40.8."""
        (finding,) = findings(self.make(), [*[running(gap=0.7)] * 10, *[running(gap=40.8)] * 3])
        assert "balance/image/logit-gap is 40.8" in finding.sentence

    def test_a_critic_with_large_logits_from_the_start_is_left_alone(self) -> None:
        assert findings(self.make(), [running(gradient=90.0, cost=-60.0, gap=60.0 + each) for each in range(40)]) == []

    def test_of_another_programs_record_costs_are_enough(self) -> None:
        run = [{"cost/discriminator": value} for value in [*[1.2] * 10, 30.0, 45.0]]
        (finding,) = findings(self.make(), run)
        assert finding.sentence == "'discriminator' runs away: cost/discriminator is 45, 38 times what is usual"

    def test_one_wild_tick_is_forgiven(self) -> None:
        assert findings(self.make(), [*[running()] * 10, running(500.0), *[running()] * 10]) == []

    def test_it_is_over_when_the_numbers_are_as_they_were(self) -> None:
        _, end = findings(self.make(), [*self.ill, *[running()] * 2])
        assert (end.over, end.subject) == (True, "image")


class TestNonFinite(MonitorConformance):
    healthy = [{"cost/image": 1.0, "modes/reverse-kl": math.inf, "balance/image/over-fit": math.nan}] * 10
    """What was never a number is not expected to be one, and an infinite divergence is an answer."""
    ill = [*[{"cost/image": 1.0}] * 5, *[{"cost/image": math.nan}] * 5]

    def make(self) -> NonFinite:
        return NonFinite()

    def test_of_the_game_it_is_critical_at_once(self) -> None:
        (finding,) = findings(self.make(), self.ill[:6])
        assert (finding.severity, finding.subject) == (Severity.CRITICAL, "cost/image")
        assert finding.sentence == "cost/image is nan"

    @pytest.mark.parametrize(("ticks", "said"), [(2, 0), (3, 1)])
    def test_of_a_diagnostic_it_is_a_warning_after_three_ticks(self, ticks: int, said: int) -> None:
        run = [*[{"coverage@net": 0.5}] * 5, *[{"coverage@net": math.nan}] * ticks]
        found = findings(self.make(), run)
        assert [each.severity for each in found] == [Severity.WARNING] * said

    def test_where_nan_means_that_it_cannot_be_told_nothing_is_said(self) -> None:
        undecided = {"balance/image/over-fit": math.nan, "ct@net": math.nan, "modes/reverse-kl": math.inf}
        assert findings(self.make(), [*[dict.fromkeys(undecided, 0.5)] * 10, *[undecided] * 10]) == []

    def test_several_are_one_finding(self) -> None:
        bad = {"cost/image": math.nan, "cost/generator": math.inf, "gradient-norm/image": math.nan}
        (finding,) = findings(self.make(), [dict.fromkeys(bad, 1.0), bad])
        assert finding.sentence == "cost/image is nan, and so are 2 others"
        assert set(finding.evidence) == set(bad)

    def test_a_number_that_is_one_again_ends_it(self) -> None:
        _, end = findings(self.make(), [*self.ill, {"cost/image": 1.0}])
        assert (end.over, end.subject) == (True, "cost/image")
