"""Records survive the trip through JSON, whatever the numbers are."""

from __future__ import annotations

import json
import math
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab import Deed, Finding, Progress, ScaleLearningRate, Severity, Stop, Tick
from ganlab.records import deed_record, finding_record, json_line, measurement_record

PLACE = Progress(round=10, samples=640, fraction=0.5)


def test_not_a_number_and_infinity_are_strings_that_float_reads_back():
    measurements = {"cost/image": math.nan, "norm": math.inf, "gap": -math.inf, "fine": 0.1}
    line = json_line(measurement_record(Tick(PLACE, measurements, seconds=2.0, images_per_second=320.0)))
    record = json.loads(line, parse_constant=refuse)
    assert record["cost/image"] == "NaN"
    assert math.isnan(float(record["cost/image"]))
    assert float(record["norm"]) == math.inf
    assert float(record["gap"]) == -math.inf
    assert record["fine"] == 0.1


def test_a_measurement_record_begins_with_where_the_run_was_and_no_measurement_can_overwrite_that():
    record = measurement_record(Tick(PLACE, {"kimg": -1.0, "coverage": 0.5}, seconds=2.0, images_per_second=320.0))
    assert list(record) == ["kimg", "round", "seconds", "images_per_second", "coverage"]
    assert record["kimg"] == 0.64
    assert record["round"] == 10


def test_an_action_is_named_in_kebab_case_beside_its_fields():
    expected = {"kimg": 0.64, "round": 10, "action": "scale-learning-rate", "player": "image", "factor": 0.5}
    assert deed_record(Deed(ScaleLearningRate("image", 0.5)), PLACE) == expected
    assert deed_record(Deed(Stop("dead")), PLACE)["action"] == "stop"


def test_an_action_that_was_only_observed_says_so_and_who_asked_for_it():
    record = deed_record(Deed(Stop("dead"), "stop", "it collapsed", observed=True), PLACE)
    assert (record["intervention"], record["reason"], record["observed"]) == ("stop", "it collapsed", True)


def test_a_line_is_one_line_of_ascii_even_if_a_sentence_is_not():
    line = json_line({"sentence": "zwei\nZeilen \u202e \ud800 é"})
    assert line.isascii()
    assert line.count("\n") == 1
    assert json.loads(line)["sentence"] == "zwei\nZeilen \u202e \ud800 é"


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


text = st.text(st.characters(exclude_categories=()), max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text | st.binary(max_size=3),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(text | st.integers(), inside, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.dictionaries(text, anything, max_size=4))
def test_whatever_is_recorded_is_one_line_that_every_json_reader_takes(record: dict[str, Any]):
    line = json_line(record)
    assert line.isascii()
    assert line.count("\n") == 1
    assert list(json.loads(line, parse_constant=refuse)) == list(record)
    assert json_line(json.loads(line)) == line


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.float32(0.5), 0.5),
        (np.float64("nan"), "NaN"),
        (np.int64(3), 3.0),
        (torch.tensor(-math.inf), "-Infinity"),
        (torch.zeros(3), "a Tensor"),
        (object(), "a object"),
        (10**5000, hex(10**5000)),
        (MappingProxyType({"a": math.inf}), {"a": "Infinity"}),
        (Severity.CRITICAL, "critical"),
        ({3}, [3]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_a_plugin_puts_into_its_evidence_is_written(value: Any, written: Any):
    finding = Finding("m", "s", Severity.NOTE, 1.0, 2, 0.5, evidence={"x": value})
    assert json.loads(json_line(finding_record(finding)), parse_constant=refuse)["evidence"]["x"] == written


def test_a_record_that_holds_itself_is_written_all_the_same():
    record: dict[str, Any] = {}
    record["me"] = [record]
    assert json.loads(json_line(record))["me"]
