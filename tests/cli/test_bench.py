"""`ganlab bench`: what it prints."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Ask

SHORT = ("--games", "ring", "--seeds", "2", "--out", "b", "--set", "budget_rounds=4", "--set", "threads=1")


def test_the_table_has_a_row_for_the_recipe_and_one_for_the_baseline(here: Path, ask: Ask) -> None:
    answer = ask("bench", "modes", *SHORT)
    assert answer.status == 0
    heads, recipe, baseline = answer.out.splitlines()
    assert heads.split()[:3] == ["game", "seeds", "modes"]
    assert recipe.split()[:2] == ["ring", "2"]
    assert "missed: modes >= 8" in recipe
    assert baseline.split()[:2] == ["baseline", "2"]
    assert [line.split(":")[0] for line in answer.problems if line.startswith("ring-")] == [
        "ring-recipe-0",
        "ring-baseline-0",
        "ring-recipe-1",
        "ring-baseline-1",
    ]
    told = ask("bench", "modes", *SHORT, "--json").json()
    assert told["ending"] == "finished"
    assert told["games"]["ring"] == json.loads((here / "b/ring.json").read_text())


def test_an_unknown_game_is_said_before_anything_is_made(here: Path, ask: Ask) -> None:
    answer = ask("bench", "modes", "--games", "rng", "--out", "b")
    assert answer.status == 2
    assert "no game named 'rng'. Did you mean 'ring'?" in answer.err
    assert not (here / "b").exists()


def test_a_setting_that_no_recipe_has_is_said_before_anything_is_made(here: Path, ask: Ask) -> None:
    answer = ask("bench", "modes", *SHORT, "--set", "budgt=1")
    assert answer.status == 2
    assert not (here / "b").exists()
