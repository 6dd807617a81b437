"""What is installed, what it offers, and what recipes say of it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from ganlab.assemble.difference import differing
from ganlab.cli.options import in_words
from ganlab.plugins import KINDS, Plugins, trial
from tests.cli.conftest import Ask


def test_every_plugin_is_listed_with_what_it_provides(ask: Ask) -> None:
    listed = ask("plugins", "--help")
    assert listed.status == 0
    states = {each["name"]: each for each in ask("plugins", "list", "--json").json()["plugins"]}
    assert states["losses"]["status"] == "loaded"
    assert "hinge" in states["losses"]["provides"]["losses"]
    assert ask("plugins").out == ask("plugins", "list").out


@pytest.mark.parametrize("kind", [*KINDS, "optimizers"])
def test_everything_of_a_kind_has_a_sentence_and_can_be_shown(ask: Ask, kind: str) -> None:
    entries = ask("plugins", "list", kind, "--json").json()["entries"]
    assert entries
    for each in entries:
        assert each["about"], each["name"]
        assert ask("plugins", "show", f"{kind}/{each['name']}").status == 0


def test_the_options_of_a_component_are_shown_with_range_and_default(ask: Ask) -> None:
    lines = ask("plugins", "show", "architectures/mlp").out.splitlines()
    row = next(line for line in lines if line.startswith("width"))
    assert re.fullmatch(r"width +integer, \d+ to \d+ +\d+.*", row)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer, 1 to 9"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number, at most 1 and above 0"),
        ({"enum": ["a", "b"]}, "'a' or 'b'"),
        ({"const": 3}, "3"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": "array", "prefixItems": [{"type": "number"}] * 2}, "list of 2: number"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"$ref": "#/$defs/losses.x.Table"}, "table"),
        ({}, "any value"),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, object], words: str) -> None:
    assert in_words(schema, {"Table": {"type": "object"}}) == words


def test_a_working_plugin_passes_its_check(ask: Ask) -> None:
    answer = ask("plugins", "check", "losses")
    assert answer.status == 0
    assert "no problems" in answer.out


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ("import os; os._exit(3)", "exit status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("import time; time.sleep(600)", "longer than"),
    ],
)
def test_a_plugin_that_takes_its_process_down_is_its_own_problem(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, child: str, said: str
) -> None:
    monkeypatch.setattr(trial, "CHILD", child)
    monkeypatch.setattr(trial, "START_SECONDS", 0.0)
    monkeypatch.setattr(trial, "START_SECONDS", 1.0)
    monkeypatch.setenv("GANLAB_PLUGIN_SECONDS", "1")
    answer = ask("plugins", "check", "losses")
    assert answer.status == 5
    assert said in answer.err
    assert len(answer.problems) == 1


def test_a_new_plugin_is_written_with_the_commands_that_try_it(here: Path, ask: Ask) -> None:
    answer = ask("plugins", "new", "my-loss")
    assert answer.status == 0
    assert (here / "ganlab-my-loss/pyproject.toml").is_file()
    assert "pip install -e ganlab-my-loss" in answer.out
    assert ask("plugins", "new", "my-loss").status == 2


def test_every_recipe_is_listed_shown_and_holds(ask: Ask) -> None:
    recipes = [each["name"] for each in ask("recipe", "list", "--json").json()["recipes"]]
    assert "ring" in recipes
    for name in recipes:
        assert ask("recipe", "check", name).status == 0
        assert tomllib.loads(ask("recipe", "show", name).out)["about"]
        complete = ask("run", name, "--dry-run")
        assert complete.status == 0
        assert tomllib.loads(complete.out)["task"]["name"]


def test_a_recipe_is_checked_with_its_settings(here: Path, ask: Ask) -> None:
    assert ask("recipe", "check", "ring.toml", "--json").json() == {"recipe": "ring.toml", "problems": []}
    assert ask("recipe", "check", "ring.toml", "--set", "batch_size=0").status == 2


def test_the_schema_names_every_component_and_its_options(ask: Ask) -> None:
    schema = ask("recipe", "schema").json()
    assert schema["properties"]["loss"] == {"$ref": "#/$defs/losses"}
    plugins = Plugins()
    for kind in KINDS:
        if kind == "recipes":
            continue
        branches = {
            each["if"]["properties"]["name"]["const"]: each["then"]["properties"]
            for each in schema["$defs"][kind]["allOf"]
        }
        for entry in plugins.entries(kind):
            assert set(branches[entry.name]) == set(entry.options().model_fields)
    references = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)))
    assert references <= set(schema["$defs"])
    assert "Component" not in references


def test_recipes_differ_by_the_keys_that_set_takes() -> None:
    before = {"seed": 0, "terms": [{"name": "r1", "weight": 1.0}], "loss": {"name": "hinge"}, "betas": [0, 1]}
    after = {
        "seed": 0,
        "terms": [{"name": "r1", "weight": 2.0}, {"name": "r2"}],
        "loss": {"name": "minimax"},
        "betas": [0, 2],
    }
    assert differing(before, after) == {
        "terms.r1.weight": (1.0, 2.0),
        "loss.name": ("hinge", "minimax"),
        "betas": ([0, 1], [0, 2]),
        "terms.r2.name": (None, "r2"),
    }
