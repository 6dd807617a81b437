"""What plugins answer is taken as it is, or refused with a sentence that says what was expected."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from ganlab import Finding, ScaleLearningRate, SetProbability, SetTurns, SetWeight, Severity, Stop
from ganlab.answers import (
    WrongAnswer,
    checked_actions,
    checked_findings,
    checked_measurements,
    checked_state,
)


def finding(**changes: Any) -> Finding:
    told = {"monitor": "m", "sentence": "it went wrong", "severity": Severity.NOTE, "kimg": 1.0, "round": 3}
    return Finding(**{**told, "began_kimg": 0.5, **changes})  # type: ignore[arg-type]


def test_numbers_become_plain_floats_and_what_is_none_stays_none() -> None:
    measured = checked_measurements({"a": 1, "b": np.float32(0.5), "c": math.inf, "d": math.nan, "e": np.int64(2)})
    assert [type(value) for value in measured.values()] == [float] * 5
    assert list(measured.values())[:3] == [1.0, 0.5, math.inf]
    assert math.isnan(measured["d"])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "answered nothing, expected numbers by name"),
        (42, "answered an int"),
        ([("a", 1.0)], "answered a list"),
        ({"a": torch.ones(())}, r"measured 'a' as a Tensor, expected a number; call \.item\(\)"),
        ({"a": torch.ones((), device="meta")}, "a Tensor"),
        ({"a": "1.0"}, "a str, expected a number"),
        ({"a": None}, "nothing, expected a number"),
        ({"a": 1j}, "a complex"),
        ({"a": 10**400}, "an int, expected a number"),
        ({"a": np.ones(3)}, "a ndarray"),
        ({1: 1.0}, "measured 1, expected a name"),
        ({"": 1.0}, "measured '', expected a name"),
        ({"a\nb": 1.0}, "printable"),
        ({"a" * 201: 1.0}, "at most 200"),
        ({"cost/generator": 1.0}, "measured already"),
        ({str(number): 1.0 for number in range(10_001)}, "10001 measurements"),
    ],
)
def test_a_wrong_measurement_is_refused(answer: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said):
        checked_measurements(answer, {"cost/generator": 0.0})


def test_findings_come_from_any_iterable_with_plain_numbers() -> None:
    def judged() -> Iterator[Finding]:
        yield finding(evidence={"x": np.float32(0.5)}, kimg=2)

    (told,) = checked_findings(judged())
    assert (told.evidence, type(told.evidence["x"]), type(told.kimg)) == ({"x": 0.5}, float, float)
    assert checked_findings(()) == checked_findings([]) == ()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "answered nothing, expected a list of findings"),
        (True, "a bool, expected a list"),
        ("sick", "a str, expected a list"),
        ({"a": 1}, "a dict, expected a list"),
        (finding(), "a Finding, expected a list"),
        (["sick"], "a str among its findings"),
        ([finding(sentence="")], "whose sentence is empty"),
        ([finding(monitor=None)], "whose monitor is nothing"),
        ([finding(severity="warning")], "severity is 'warning', expected a Severity"),
        ([finding(kimg=None)], "kimg is nothing"),
        ([finding(round=-1)], "round = -1"),
        ([finding(round=math.nan)], "round = nan"),
        ([finding(evidence=[1])], "evidence is a list"),
        ([finding(evidence={"x": torch.ones(())})], "evidence 'x' a Tensor"),
        ([finding()] * 1001, "more than 1000 findings"),
    ],
)
def test_a_wrong_finding_is_refused(answer: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said):
        checked_findings(answer)


def test_a_finding_without_end_is_cut_off() -> None:
    def for_ever() -> Iterator[Finding]:
        while True:
            yield finding()

    with pytest.raises(WrongAnswer, match="more than 1000"):
        checked_findings(for_ever())


def test_actions_in_their_ranges_are_taken() -> None:
    actions = (
        ScaleLearningRate("g", 0.5),
        SetWeight("r1", 0.0),
        SetTurns("g", 0),
        SetTurns("g", 1000),
        SetProbability("ada", 0.0),
        SetProbability("ada", 1.0),
        Stop("dead"),
    )
    assert checked_actions(iter(actions)) == actions


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (ScaleLearningRate("g", math.nan), "ScaleLearningRate with factor = nan, expected a finite number above 0"),
        (ScaleLearningRate("g", 0.0), "factor = 0"),
        (ScaleLearningRate("g", -1.0), "factor = -1"),
        (ScaleLearningRate("g", torch.ones(())), "factor = a Tensor"),  # type: ignore[arg-type]
        (SetWeight("r1", math.inf), "weight = inf"),
        (SetWeight("r1", -0.1), "weight = -0.1"),
        (SetTurns("g", 1001), "turns = 1001"),
        (SetTurns("g", 1.5), "turns = 1.5"),  # type: ignore[arg-type]
        (SetProbability("ada", 7.0), "probability = 7, expected 0 to 1"),
        (SetProbability("ada", math.nan), "probability = nan"),
        (Stop(""), "Stop without a reason"),
        (Stop(None), "Stop without a reason"),  # type: ignore[arg-type]
        ("stop", "a str among its actions, expected one of ScaleLearningRate"),
        (Stop, "a type among its actions"),
    ],
)
def test_an_action_out_of_range_is_refused(action: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said):
        checked_actions([action])


def test_a_state_of_plain_things_is_taken() -> None:
    state = {"a": [1, 2.0, None, True, "x", (1, {"b": torch.ones(2)})], "c": {3: "whole numbers may be keys"}}
    assert checked_state(state) == state


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ([1], "a list for a state"),
        ({"a": {1, 2}}, "a set at state.a"),
        ({"a": [object()]}, "an object at state.a.0"),
        ({"a": np.ones(2)}, "a ndarray at state.a"),
        ({"a": {1.5: 0}}, "1.5 as a key"),
        ({"a": lambda: 0}, "a function at state.a"),
    ],
)
def test_a_state_no_checkpoint_can_hold_is_refused(state: Any, said: str) -> None:
    with pytest.raises(WrongAnswer, match=said):
        checked_state(state)


def test_a_state_without_a_bottom_is_refused() -> None:
    state: dict[str, Any] = {}
    state["again"] = state
    with pytest.raises(WrongAnswer, match="levels"):
        checked_state(state)
