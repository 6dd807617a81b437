"""Each problem of a recipe is one line: where it is as `--set` says it, what was expected, what was found."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganlab.validation import explain, shown


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ramp(Table):
    start: float
    end: float


Weight = Annotated[float, Field(ge=0)] | Ramp


class Tree(Table):
    weight: Weight = 1.0
    weights: list[Weight] = []
    ramps: dict[str, Ramp] = {}
    ramp: Ramp | None = None
    rates: list[float] | float = 1.0
    shape: Literal["linear", "cosine"] = "linear"

    @model_validator(mode="after")
    def _no_cosine_ramps(self) -> Tree:
        if self.ramp and self.shape == "cosine":
            raise ValueError("a cosine has no ramp")
        return self


def lines(tree: Any, where: str = "") -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Tree.model_validate_json(json.dumps(tree), strict=True)
    return explain(caught.value, Tree, where)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"weight": -1}, ["weight: must be greater than or equal to 0 or a table, not -1"]),
        ({"weight": {"start": 1}}, ["weight.end: is missing, and has no default"]),
        (
            {"weight": {"start": 1, "end": 2, "stat": 3}},
            ["weight.stat: unknown option. Did you mean 'start'? Known: start, end"],
        ),
        ({"weights": [1, {"start": "a", "end": 0}]}, ['weights.1.start: must be a valid number, not "a"']),
        ({"ramps": {"image": {"start": 1}}}, ["ramps.image.end: is missing, and has no default"]),
        ({"ramp": 3}, ["ramp: must be a table, not 3"]),
        ({"rates": [1, "x"]}, ['rates.1: must be a valid number, not "x"']),
        ({"rates": "x"}, ['rates: must be a list or a valid number, not "x"']),
        ({"shape": "cosin"}, ["shape: must be 'linear' or 'cosine', not \"cosin\". Did you mean 'cosine'?"]),
        ({"shape": "cosine", "ramp": {"start": 0, "end": 1}}, ["a cosine has no ramp"]),
        ([], ["must be a table, not []"]),
    ],
)
def test_a_problem_is_told_where_it_is(tree: Any, expected: list[str]) -> None:
    assert lines(tree) == expected


def test_the_path_begins_where_the_part_stands() -> None:
    assert lines({"ramp": 3}, "stages.0") == ["stages.0.ramp: must be a table, not 3"]
    assert lines({"shape": "cosine", "ramp": {"start": 0, "end": 1}}, "stages.0") == ["stages.0: a cosine has no ramp"]


def test_a_value_is_shown_as_a_recipe_writes_it() -> None:
    assert [shown(each) for each in (True, None, "é", [1.5])] == ["true", "null", '"é"', "[1.5]"]
    assert len(shown("a" * 1000)) == 60


class Checked(Table):
    start: float
    end: float = 0.0

    @model_validator(mode="after")
    def _falls(self) -> Checked:
        return self


class Holder(Table):
    weight: Annotated[float, Field(ge=0)] | Checked = 1.0


def test_a_table_that_checks_itself_knows_its_keys_in_a_union_too() -> None:
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate_json('{"weight": {"start": 1, "edn": 2}}', strict=True)
    assert explain(caught.value, Holder) == ["weight.edn: unknown option. Did you mean 'end'? Known: start, end"]


def test_a_misspelt_key_that_is_needed_is_named_with_what_it_was_taken_for() -> None:
    assert lines({"weight": {"strat": 1, "end": 2}}) == [
        "weight.start: is missing, and has no default. Did you mean it by strat?",
        "weight.strat: unknown option. Did you mean 'start'? Known: start, end",
    ]


def test_keys_that_may_stand_beside_are_suggested_too() -> None:
    with pytest.raises(ValidationError) as caught:
        Ramp.model_validate_json('{"start": 1, "end": 2, "wieght": 3}', strict=True)
    assert explain(caught.value, Ramp, "terms.r1", ["weight"]) == [
        "terms.r1.wieght: unknown option. Did you mean 'weight'? Known: start, end"
    ]


def test_a_key_that_is_no_word_stands_in_quotes_and_a_long_one_is_cut() -> None:
    (first, second) = lines({"": 1, "a" * 1000: 2})
    assert first.startswith('"": unknown option.')
    assert second.startswith(f"{'a' * 57}...: unknown option.")


class Rising(Table):
    start: float
    end: float

    @model_validator(mode="after")
    def _rises(self) -> Rising:
        if self.start > self.end:
            raise ValueError("start is above end")
        return self


class Way(Table):
    weight: Annotated[float, Field(ge=0)] | Rising = 1.0


def test_a_table_in_a_union_that_fits_but_for_its_sense_is_told_that_alone() -> None:
    with pytest.raises(ValidationError) as caught:
        Way.model_validate_json('{"weight": {"start": 3, "end": 2}}', strict=True)
    assert explain(caught.value, Way) == ["weight: start is above end"]
