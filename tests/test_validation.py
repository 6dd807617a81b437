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
