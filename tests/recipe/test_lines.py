"""What is wrong in a file is told with the line in which it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ganlab.cli import main
from ganlab.recipe.lines import line_of
from tests.fuzz.recipes import FILES, NAMES, RECIPES, called, places

TEXT = '''about = """
budget_kimg = 3
[players.generator]
"""
budget_kimg = 1
loss = {nam = "hinge"}   # loss
task.latent_size = 3
[players.generator]
clip_norm = 1
[ players . "generator" . optimizer ]
lr = 1e-3
[[terms]]
name = "r1"
on = "image"
[[terms]]
label = "gentle"
name = "r1"
wieght = 3
[watch]
diagnostics = [
  {name = "coverage", count = 3},
]
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("about", 1),
        ("budget_kimg", 5),
        ("loss.nam", 6),
        ("loss.name", 6),
        ("task.latent_size", 7),
        ("players.generator.clip_norm", 9),
        ("players.generator.optimizer.lr", 11),
        ("players.generator.optimizer.lrr", 10),
        ("players.generator.architecture", 8),
        ("terms.0.on", 14),
        ("terms.1.name", 17),
        ("terms.gentle.wieght", 18),
        ("terms.1.every", 15),
        ("watch.diagnostics.coverage.count", 20),
        ("seed", None),
        ("watch.tick_kimg", 19),
    ],
)
def test_a_key_has_a_line(key: str, line: int | None) -> None:
    assert line_of(TEXT, key) == line


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_every_built_in_recipe_is_found(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    lines = text.split("\n")
    for path, _ in places(RECIPES[name]):
        for key in (".".join(map(str, path)), called(RECIPES[name], path)):
            number = line_of(text, key)
            assert number is not None
            assert any(str(part) in lines[number - 1] for part in path)


def test_problems_are_told_with_their_lines(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("extends = 'ring'\nbatchsize = 3\n[players.point.optimizer]\nlr = -1\n[loss]\nname = 'hindge'\n")
    changes = ["--set", "players.generator.optimizer.lr=-1"]
    for command in (["recipe", "check"], ["run", "--dry-run"]):
        assert main([*command, str(path), *changes]) == 2
        told = [
            re.sub(r".*/mine", "mine", each) for each in re.findall(r"\((.*)\)$", capfd.readouterr().err, re.MULTILINE)
        ]
        assert sorted(told) == ["mine.toml, line 2", "mine.toml, line 4", "mine.toml, line 5"]
