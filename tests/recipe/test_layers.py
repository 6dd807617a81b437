"""How a recipe is read, changed and written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ganlab.errors import RecipeError
from ganlab.recipe import layered, override, parse, read_toml, to_toml
from ganlab.recipe.watch import WatchSetting

TREE: dict[str, Any] = {
    "seed": 1,
    "terms": [{"name": "r1", "on": "image"}, {"name": "r1", "label": "gentle", "on": "image", "weight": 0.1}],
    "task": {"name": "unconditional", "latent_size": 64},
    "watch": {"monitors": ["a", "b"]},
}


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("seed=3", ("seed",), 3),
        ("seed = 3", ("seed",), 3),
        ("task.latent_size=8", ("task", "latent_size"), 8),
        ("terms.gentle.weight=0", ("terms", 1, "weight"), 0),
        ("terms.0.weight=1e-3", ("terms", 0, "weight"), 0.001),
        ("terms.r1.weight=5", ("terms", 0, "weight"), 5),
        ("watch.monitors.b=c", ("watch", "monitors", 1), "c"),
        ("terms=[]", ("terms",), []),
        ("about=plain words, no quotes", ("about",), "plain words, no quotes"),
        ("about=a=b", ("about",), "a=b"),
        ("about=", ("about",), ""),
        ("views.image.real=0.5", ("views", "image", "real"), 0.5),
        # What other formats take for something else.
        ("about=no", ("about",), "no"),
        ("about=010", ("about",), "010"),
        ("about=1:30", ("about",), "1:30"),
        ("about=&a *a", ("about",), "&a *a"),
        ("seed=0x10", ("seed",), 16),
    ],
)
def test_a_setting_changes_one_place(setting: str, path: tuple[str | int, ...], value: Any) -> None:
    found: Any = override(TREE, [setting])
    for part in path:
        found = found[part]
    assert found == value
    assert TREE["seed"] == 1


def test_a_component_of_another_name_begins_with_its_own_defaults() -> None:
    assert override(TREE, ["task.name=paired"])["task"] == {"name": "paired"}
    assert override(TREE, ["task={name='paired', latent_size=3}"])["task"] == {"name": "paired", "latent_size": 3}


def test_layers_lie_over_what_they_extend(tmp_path: Path) -> None:
    (tmp_path / "low.toml").write_text("seed = 1\nabout = 'low'\n[task]\nname = 'x'\nsize = 3\n")
    (tmp_path / "mid.toml").write_text("extends = 'low'\nabout = 'mid'\n[task]\nsize = 4\n")
    tree = layered({"extends": "mid", "seed": 9}, lambda name: tmp_path / f"{name}.toml")
    assert tree == {"seed": 9, "about": "mid", "task": {"name": "x", "size": 4}}


@pytest.mark.parametrize("extends", ["me", 3, [], "x" * 5000])
def test_a_circle_of_layers_is_refused(tmp_path: Path, extends: Any) -> None:
    (tmp_path / "me.toml").write_text("extends = 'me'\n")

    def find(name: str) -> Path:
        if name != "me":
            raise RecipeError("no recipe")
        return tmp_path / "me.toml"

    with pytest.raises(RecipeError) as caught:
        layered({"extends": extends}, find)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1\nseed = 2", "line 2"),
        ("seed = 010", "line 1"),
        ("seed = no", "line 1"),
        ("a: 3", "line 1"),
        ("task = {name = 'x'}\n[task]", "line 2"),
        ("seed = ", "line 1"),
        ("when = 1979-05-27", "when: must be text"),
        ("when = 1:30", "line 1"),
    ],
)
def test_what_a_file_cannot_say_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(f"{text}\n# the end\n")
    with pytest.raises(RecipeError) as caught:
        read_toml(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "\u202e", "\x85", "\x9b31m", "\U000e0041", "a\tb", "a\r\nb", "one\ntwo\n", '"""', "\\"]
)
def test_what_is_written_is_harmless_on_a_terminal_and_reads_back(text: str) -> None:
    written = to_toml({"about": text, text: 1})
    assert all(letter.isprintable() or letter == "\n" for letter in written)
    assert tomllib.loads(written) == {"about": text, text: 1}


def test_a_path_may_be_handed_in_by_a_program() -> None:
    player = {"architecture": {"name": "mlp"}}
    tree = {"budget_kimg": 1, "task": {"name": "t"}, "loss": {"name": "l"}, "players": {"generator": player}}
    recipe = parse({**tree, "dataset": {"name": "image-folder", "path": Path("photos")}})
    assert recipe.dataset is not None
    assert recipe.dataset.options == {"path": "photos"}


def test_three_terms_of_one_name_are_told_once() -> None:
    player = {"architecture": {"name": "mlp"}}
    term = {"name": "r1", "on": "point"}
    tree = {"budget_kimg": 1, "task": {"name": "t"}, "dataset": {"name": "d"}, "loss": {"name": "l"}}
    with pytest.raises(RecipeError, match="3 terms are called 'r1': give each a label"):
        parse({**tree, "players": {"generator": player}, "terms": [term] * 3})


def test_an_item_of_a_list_that_was_left_out_is_named_as_if_it_were_written() -> None:
    tree = override({}, ["watch.diagnostics.coverage.count=64", "watch.reporters.jsonl.x=1"])
    names = [each["name"] for each in tree["watch"]["diagnostics"]]
    assert names == [each.name for each in WatchSetting().diagnostics]
    assert tree["watch"]["diagnostics"][0]["count"] == 64
    assert "monitors" not in tree["watch"]
    with pytest.raises(RecipeError, match="none is called 'coverige'"):
        override({}, ["watch.diagnostics.coverige.count=64"])
