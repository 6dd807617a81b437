"""What each intervention asks for, when, and within which bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ganlab import (
    Action,
    Finding,
    Intervention,
    Progress,
    RecipeError,
    RollBack,
    ScaleLearningRate,
    ScaleWeight,
    SetProbability,
    SetTurns,
    SetWeight,
    Severity,
    Stop,
)
from ganlab.builtin.interventions.adapt_augmentation import AdaptAugmentation
from ganlab.builtin.interventions.probe_gap_controller import ProbeGapController
from ganlab.builtin.interventions.roll_back import RollBackAndSlowDown
from ganlab.builtin.interventions.scale_learning_rate import ScaleRate
from ganlab.builtin.interventions.scale_regularisation import ScaleRegularisation
from ganlab.builtin.interventions.set_turns import SetTurns as SettingTurns
from ganlab.builtin.interventions.stop import StopOnFinding
from ganlab.builtin.interventions.switch_on import SwitchOn, instance_noise
from ganlab.testing import InterventionConformance
from ganlab.testing.watch import progress

RATES = {"learning-rate/generator": 1e-3, "learning-rate/image": 1e-4}


def finding(monitor: str, subject: str = "", severity: Severity = Severity.WARNING, round: int = 30) -> Finding:
    return Finding(monitor, "it is so", severity, 3.0, round, 2.0, subject=subject)


def asked(
    intervention: Intervention, findings: tuple[Finding, ...], measurements: Mapping[str, float], tick: int = 3
) -> list[Action]:
    return list(intervention.answer(findings, measurements, progress(tick)))


class TestStop(InterventionConformance):
    findings = (finding("lost-coverage", severity=Severity.CRITICAL),)

    def make(self) -> StopOnFinding:
        return StopOnFinding()

    def test_a_warning_stops_nothing(self) -> None:
        assert asked(self.make(), (finding("lost-coverage"),), {}) == []

    def test_one_that_may_last_stops_a_run_when_it_has(self) -> None:
        patient = StopOnFinding(lasting=0.2)
        critical = replace(self.findings[0], kimg=2.0)
        for kimg, ends in ((2.0, False), (3.9, False), (4.0, True), (9.0, True)):
            told = Progress(round=int(10 * kimg), samples=int(1000 * kimg), fraction=kimg / 10)
            assert bool(list(patient.answer((critical,), {}, told))) is ends
        assert list(patient.answer((replace(critical, severity=Severity.WARNING),), {}, told)) == []

    def test_only_the_monitors_that_are_named_stop_a_run(self) -> None:
        assert asked(StopOnFinding(monitors=("other",)), self.findings, {}) == []
        assert asked(StopOnFinding(monitors=("lost-coverage",)), self.findings, {}) == [Stop("lost-coverage: it is so")]

    def test_a_run_that_is_resumed_in_a_known_trouble_is_not_stopped_at_its_first_tick(self) -> None:
        assert asked(self.make(), self.findings, {}, tick=4) == []


class TestScaleLearningRate(InterventionConformance):
    findings = (finding("stale-discriminator", "image"),)
    measurements = RATES

    def make(self) -> ScaleRate:
        return ScaleRate(monitors=("stale-discriminator",), factor=2.0, most=3e-4)

    def test_it_is_the_player_the_finding_is_about(self) -> None:
        assert asked(self.make(), self.findings, RATES) == [ScaleLearningRate("image", 2.0)]

    def test_a_view_with_several_judgements_has_one_judge(self) -> None:
        about = (finding("discriminator-dominates", "image/source"), finding("discriminator-dominates", "image/class"))
        assert asked(self.make(), about, RATES) == [ScaleLearningRate("image", 2.0)]

    def test_it_does_not_lead_over_its_bound(self) -> None:
        assert asked(self.make(), self.findings, RATES | {"learning-rate/image": 2e-4}) == []

    def test_a_player_that_is_named_is_the_one(self) -> None:
        named = ScaleRate(monitors=("lost-coverage",), factor=0.5, player="generator", least=6e-4)
        assert asked(named, (finding("lost-coverage"),), RATES) == []
        faster = RATES | {"learning-rate/generator": 2e-3}
        assert asked(named, (finding("lost-coverage"),), faster) == [ScaleLearningRate("generator", 0.5)]
        assert asked(named, (), faster) == []

    def test_a_rate_that_is_no_number_is_left_alone(self) -> None:
        assert asked(self.make(), self.findings, RATES | {"learning-rate/image": float("nan")}) == []


class TestProbeGapController(InterventionConformance):
    findings = (finding("stale-discriminator", "image"),)
    measurements = RATES | {"probe-gap/image": 0.9}

    def make(self) -> ProbeGapController:
        return ProbeGapController()

    def test_it_doubles_a_stale_discriminators_rate_until_twice_the_generators(self) -> None:
        rate, doublings = 1e-4, 0
        while asked(self.make(), self.findings, self.measurements | {"learning-rate/image": rate}):
            rate, doublings = 2 * rate, doublings + 1
        assert doublings == 5
        assert rate == pytest.approx(3.2e-3)  # as in the runs that it repaired

    def test_it_rests_as_soon_as_the_gap_is_small(self) -> None:
        assert asked(self.make(), self.findings, RATES | {"probe-gap/image": 0.2}) == []

    def test_nobody_else_is_helped(self) -> None:
        assert asked(self.make(), (finding("stale-discriminator", "sound"),), self.measurements) == []


class TestSetTurns(InterventionConformance):
    findings = (finding("stale-discriminator", "image"),)

    def make(self) -> SettingTurns:
        return SettingTurns(player="image", turns=5, monitors=("stale-discriminator",), afterwards=1)

    def test_it_sets_them_once_and_back_when_all_is_well(self) -> None:
        setting = self.make()
        assert asked(setting, self.findings, {}) == [SetTurns("image", 5)]
        assert asked(setting, self.findings, {}) == []
        assert asked(setting, (), {}) == [SetTurns("image", 1)]
        assert asked(setting, (), {}) == []


class TestScaleRegularisation(InterventionConformance):
    findings = (finding("discriminator-over-fits", "image"),)
    measurements = {"weight/r1": 1.0}

    def make(self) -> ScaleRegularisation:
        return ScaleRegularisation(most=4.0)

    @pytest.mark.parametrize(("weight", "acts"), [(0.0, False), (1.0, True), (2.0, True), (2.1, False)])
    def test_the_weight_it_leads_to_stays_within_bounds(self, weight: float, acts: bool) -> None:
        assert asked(self.make(), self.findings, {"weight/r1": weight}) == [ScaleWeight("r1", 2.0)] * acts

    def test_a_term_that_is_not_charged_at_this_stage_is_left_alone(self) -> None:
        assert asked(self.make(), self.findings, {}) == []


def signs(value: float, probability: float) -> dict[str, float]:
    return {"sign-real/image": value, "probability/ada": probability}


class TestAdaptAugmentation(InterventionConformance):
    measurements = signs(0.9, 0.2)

    def make(self) -> AdaptAugmentation:
        adapting = AdaptAugmentation(kimg=100.0)
        adapting.last = 1.0
        return adapting

    @pytest.mark.parametrize(
        ("sign", "before", "after"), [(0.9, 0.2, 0.22), (0.3, 0.2, 0.18), (0.9, 0.79, 0.8), (0.3, 0.01, 0.0)]
    )
    def test_it_moves_by_the_time_that_has_passed_and_stays_in_bounds(
        self, sign: float, before: float, after: float
    ) -> None:
        """Two of the 100 kimg that lead from 0 to 1."""
        (action,) = asked(self.make(), (), signs(sign, before))
        assert isinstance(action, SetProbability)
        assert action.augmentation == "ada"
        assert action.probability == pytest.approx(after)

    @pytest.mark.parametrize(("sign", "probability"), [(0.6, 0.2), (0.9, 0.8), (0.3, 0.0), (float("nan"), 0.2)])
    def test_where_there_is_nothing_to_change_it_asks_for_nothing(self, sign: float, probability: float) -> None:
        assert asked(self.make(), (), signs(sign, probability)) == []

    def test_the_first_tick_of_a_run_only_starts_its_clock(self) -> None:
        adapting = AdaptAugmentation(kimg=100.0)
        assert asked(adapting, (), signs(0.9, 0.2), tick=3) == []
        (action,) = asked(adapting, (), signs(0.9, 0.2), tick=4)
        assert isinstance(action, SetProbability)
        assert action.probability == pytest.approx(0.21)


class TestSwitchOn(InterventionConformance):
    findings = (finding("discriminator-over-fits", "image"),)

    def make(self) -> SwitchOn:
        return SwitchOn(augmentation="diff-augment", term="lecam", weight=0.3)

    def test_it_switches_on_once_and_not_off(self) -> None:
        switch = self.make()
        assert asked(switch, self.findings, {}) == [SetProbability("diff-augment", 1.0), SetWeight("lecam", 0.3)]
        assert asked(switch, self.findings, {}) == []
        assert asked(switch, (), {}) == []

    def test_instance_noise_ends_with_its_reason(self) -> None:
        noise = instance_noise()
        assert asked(noise, self.findings, {}) == [SetProbability("instance-noise", 1.0)]
        assert asked(noise, (), {}) == [SetProbability("instance-noise", 0.0)]

    def test_it_must_be_told_what_to_switch_on(self) -> None:
        with pytest.raises(RecipeError, match="name an augmentation or a term"):
            SwitchOn()


class TestRollBack(InterventionConformance):
    findings = (finding("lost-coverage", severity=Severity.CRITICAL),)
    measurements = RATES

    def make(self) -> RollBackAndSlowDown:
        return RollBackAndSlowDown()

    def test_it_goes_back_and_halves_every_rate(self) -> None:
        assert self.make().goes_back
        assert asked(self.make(), self.findings, RATES) == [
            ScaleLearningRate("generator", 0.5),
            ScaleLearningRate("image", 0.5),
            RollBack("lost-coverage: it is so"),
        ]

    def test_only_the_side_at_fault_is_slowed_down_where_it_is_named(self) -> None:
        slowed, back = asked(RollBackAndSlowDown(players=("image",), factor=0.25), self.findings, RATES)
        assert slowed == ScaleLearningRate("image", 0.25)
        assert isinstance(back, RollBack)

    def test_it_is_the_player_that_moved_too_far_where_the_finding_says_so(self) -> None:
        evidence = {"coverage": 0.0, "update-ratio/image": 3.4, "update-ratio/generator": 36.0}
        collapse = replace(self.findings[0], evidence=evidence)
        slowed, _ = asked(self.make(), (collapse, finding("divergence", "generator", Severity.CRITICAL)), RATES)
        assert slowed == ScaleLearningRate("generator", 0.5)

    def test_nobody_goes_back_for_a_warning(self) -> None:
        assert asked(self.make(), (finding("stale-discriminator", "image"),), RATES) == []


@pytest.mark.parametrize(
    ("made", "reaches"),
    [
        (ScaleRate(monitors=("a",), factor=2.0, player="image"), ScaleLearningRate("image", 2.0)),
        (SettingTurns(player="image", turns=2, monitors=("a",)), SetTurns("image", 2)),
        (ScaleRegularisation(term="r2"), ScaleWeight("r2", 2.0)),
        (AdaptAugmentation(augmentation="ada"), SetProbability("ada", 0.0)),
        (SwitchOn(term="lecam"), SetWeight("lecam", 1.0)),
        (RollBackAndSlowDown(players=("image",)), ScaleLearningRate("image", 0.5)),
    ],
)
def test_what_an_intervention_may_move_is_known_before_the_first_round(made: Any, reaches: Action) -> None:
    assert list(made.may_ask()) == [reaches]


def test_progress_is_that_of_the_conformance_tests() -> None:
    assert progress(3) == Progress(30, 3000, 0.03)
