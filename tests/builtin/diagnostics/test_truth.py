"""The diagnostic 'truth': no number stands alone, and a reader that cannot see is not believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from ganlab import Calibration, Dataset, Given, Reading, RecipeError
from ganlab.builtin.datasets.corridor import corridor
from ganlab.builtin.datasets.drawn import Drawn
from ganlab.builtin.datasets.joint_parts import joint_parts
from ganlab.builtin.datasets.scenes import scenes
from ganlab.builtin.diagnostics.truth import Truths
from ganlab.builtin.truths.drawn import Facts
from ganlab.builtin.truths.joint_parts import JointParts
from ganlab.testing import DiagnosticConformance
from ganlab.testing.toy_look import ToyLook


class MadeLook(ToyLook):
    """A game whose generator makes the pictures of the test."""

    def __init__(self, dataset: Dataset, made: torch.Tensor) -> None:
        super().__init__(dataset=dataset)
        self._made = made

    def fake(self, count: int, *, averaged: bool = True) -> Any:
        return {"image": self._made[:count]}


def small(make: Any, **options: Any) -> Drawn:
    made: Drawn = make(samples=128, held_out=128, **options)
    return made


def training(dataset: Drawn, count: int = 128) -> Mapping[str, Any]:
    return dataset.train.rows(torch.arange(count), None)


def test_real_pictures_score_what_real_pictures_score() -> None:
    dataset = small(corridor)
    told = Truths(count=128).measure(MadeLook(dataset, training(dataset)["image"]))
    assert told["truth/vanishing-point"] == pytest.approx(1, abs=0.02)
    assert told["truth/vanishing-point/of-real"] == pytest.approx(1, abs=0.02)
    assert told["truth/readable"] == pytest.approx(1, abs=0.02)
    assert told["truth/vanishing-point/distance"] < 0.002


def test_every_property_comes_with_real_control_and_baseline() -> None:
    dataset = small(joint_parts)
    control = dataset.truth.control("rule", 128)
    told = Truths(count=128, weights="raw").measure(MadeLook(dataset, control))
    for name in ("rule", "free"):
        assert {f"truth/{name}{what}/raw" for what in ("", "/of-real", "/real", "/control", "/baseline")} <= set(told)
    assert told["truth/rule/raw"] == told["truth/rule/control/raw"] < 0.45
    assert told["truth/rule/real/raw"] == 1
    assert told["truth/rule/of-real/raw"] == told["truth/rule/raw"]


def test_mush_scores_next_to_nothing() -> None:
    dataset = small(scenes)
    told = Truths(count=128).measure(MadeLook(dataset, dataset.truth.baseline("mush", 128)))
    assert max(told[f"truth/{name}/of-real"] for name in dataset.truth.properties) < 0.1


class Conditional(MadeLook):
    """A game that makes the training pictures, and was asked for so many more shapes than they have."""

    def __init__(self, dataset: Drawn, more: int) -> None:
        rows = training(dataset)
        super().__init__(dataset, rows["image"])
        self.asked = {"latent": torch.zeros(128, 4), "label": (rows["label"] + more) % 3}

    def given(self, count: int) -> Given:
        return {name: value[:count] for name, value in self.asked.items()}


def test_a_count_that_was_not_asked_for_is_wrong() -> None:
    dataset = small(scenes, least=1, most=3)
    assert Truths(count=64).measure(Conditional(dataset, 0))["truth/count"] > 0.95
    assert Truths(count=64).measure(Conditional(dataset, 1))["truth/count"] == 0


def test_a_dataset_without_truth_is_refused_and_those_with_one_are_named() -> None:
    look = ToyLook()
    with pytest.raises(RecipeError, match="needs a dataset whose truth is known: scenes, corridor, ground-plane"):
        Truths().check(look.task, look.dataset, {})


class Blind(JointParts):
    """A reader that guesses whether the rule holds, or with `wholly` everything."""

    wholly = False

    def sum_up(self, facts: Facts, asked: Mapping[str, torch.Tensor]) -> Reading:
        seen = super().sum_up(facts, asked)
        return Reading(seen.readable, {"rule": 0.95, "free": 0.4 if self.wholly else seen.scores["free"]}, seen.values)


def test_a_property_that_the_reader_cannot_tell_from_its_control_is_no_number() -> None:
    dataset = Drawn(Blind(32, 3), samples=128, held_out=128, seed=0)
    told = Truths(count=128).measure(MadeLook(dataset, training(dataset)["image"]))
    assert math.isnan(told["truth/rule"])
    assert math.isnan(told["truth/rule/of-real"])
    assert told["truth/rule/real"] == told["truth/rule/control"] == 0.95
    assert told["truth/free/of-real"] > 0.95


def test_a_reader_that_can_tell_nothing_ends_the_run_with_the_reason() -> None:
    truth = Blind(32, 3)
    truth.wholly = True
    dataset = Drawn(truth, samples=128, held_out=128, seed=0)
    with pytest.raises(
        RecipeError, match=r"rule: real samples score 0\.950 and broken ones 0\.950.*free: real samples"
    ):
        Truths(count=128).check(MadeLook(dataset, training(dataset)["image"]).task, dataset, {})


def test_the_reader_is_tried_once_in_a_run() -> None:
    dataset = small(corridor)
    look, calls = MadeLook(dataset, training(dataset)["image"]), []
    kept = dataset.truth.calibrate
    dataset.truth.calibrate = lambda *given: calls.append(1) or kept(*given)  # type: ignore[method-assign]
    diagnostic = Truths(count=128)
    diagnostic.check(look.task, dataset, {})
    for _ in range(3):
        diagnostic.measure(look)
    assert len(calls) == 1


def test_what_a_reader_needs_before_it_may_report() -> None:
    assert Calibration(0.9, 0.4, 0).passes
    assert not Calibration(0.89, 0, 0).passes
    assert not Calibration(0.95, 0.5, 0).passes
    assert not Calibration(math.nan, 0, 0).passes
    assert Calibration(0.95, 0.1, 0).of_real(0.475) == pytest.approx(0.5)
    assert math.isnan(Calibration(0.5, 0.1, 0).of_real(0.5))


class TestTruth(DiagnosticConformance):
    def make(self) -> Truths:
        return Truths(count=64)

    def look(self) -> ToyLook:
        return ToyLook(dataset=corridor(size=16, samples=64, held_out=64))
