"""Mistakes on the real command line: an exit status of the table, and every line on stderr with its code."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab.cli import main
from ganlab.cli.failures import LONGEST_LINE
from ganlab.recipe import to_toml
from tests.fuzz.recipes import NAMES, PLUGINS, RECIPES, examples, texts, with_value
from tests.fuzz.test_mutated_recipes import PLACES, VALUES
from tests.fuzz.test_settings import settings

LINE = re.compile(r"ganlab: error\[E-(USAGE|RECIPE|PLUGIN)\]: .+")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed plugins are looked up once."""
    monkeypatch.setattr("ganlab.plugins.Plugins", lambda *arguments, **options: PLUGINS)
    monkeypatch.delenv("GANLAB_DEBUG", raising=False)


def check(capfd: pytest.CaptureFixture[str], *words: str) -> int:
    """Give the command, judge what it prints, and return its exit status."""
    status = main(words)
    printed = capfd.readouterr()
    assert status in (0, 2, 5), printed.err
    assert (status == 0) == (printed.err == "")
    assert status == 0 or printed.out == ""
    for line in printed.err.split("\n")[:-1]:
        assert LINE.fullmatch(line), line[:500]
        assert line.isprintable()
        assert len(line) < LONGEST_LINE + 1
    return status


@examples(600)
@given(place=st.sampled_from(PLACES), value=st.sampled_from(VALUES), changes=st.lists(settings, max_size=1))
def test_a_file_with_another_value_is_checked(
    capfd: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    place: tuple[str, tuple[str | int, ...]],
    value: object,
    changes: list[str],
) -> None:
    name, path = place
    file = tmp_path_factory.getbasetemp() / "mutated.toml"
    try:
        file.write_text(to_toml(with_value(RECIPES[name], path, value)), encoding="utf-8")
    except (TypeError, UnicodeEncodeError):  # what TOML cannot hold
        return
    check(capfd, "recipe", "check", str(file), *(f"--set={each}" for each in changes))


COMMANDS = ["recipe check", "recipe show", "run", "resume", "compare x", "sample", "plugins show", "plugins list", ""]
WORDS = ["--set", "--json", "--name", "--seed", "--dry-run", "--runs", "nowhere", "--device", "--out", "--help", *NAMES]


@examples(300)
@given(
    command=st.sampled_from(COMMANDS),
    words=st.lists(texts | st.text() | st.sampled_from(WORDS), min_size=1, max_size=4),
)
def test_any_words_are_answered(
    capfd: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
    command: str,
    words: list[str],
) -> None:
    """A command with anything behind it; `run` only if it would stop before it begins."""
    folder = tmp_path_factory.getbasetemp() / "empty"
    folder.mkdir(exist_ok=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        check(capfd, *command.split(), *(["--dry-run"] if command == "run" else []), *words)
    finally:
        os.chdir(before)
    assert not list(folder.iterdir())
