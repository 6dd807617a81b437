"""A run is the same in every environment: in a shell without a language, with asserts and docstrings stripped, in a
time zone that skipped a day."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.engine.checkpoint_folder import CheckpointFolder
from tests.cli.conftest import RING

PLAIN = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
BARE = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "Pacific/Apia"}
STRIPPED = {**PLAIN, "PYTHONOPTIMIZE": "2", "TZ": "Asia/Kathmandu"}

COMMANDS = """
import os
import sys
from ganlab.cli import main
for words in (
    ["run", "größe/数字.toml", "--name", "first", "--runs", "läufe"],
    ["resume", "first", "--runs", "läufe", "--set", "budget_kimg=1.28"],
    ["runs", "--runs", "läufe"],
    ["compare", "first", "first", "--runs", "läufe"],
    ["run", "größe/数字.toml", "--set", "batch_size=true", "--set", "loss.name=hindge"],
    ["run", "größe/数字.toml", "--set", "about=\\u202e\\x1b[2J", "--set", "seed=größer"],
    ["run", "größe/数字.toml", "--set", "loss.größe=ß", "--set", "players.point.architecture.name=größer"],
    ["run", "größe/missing-é.toml"],
    ["run", "ß"],
):
    # As Python decodes what a shell hands over.
    print(f"= {main([os.fsdecode(word.encode()) for word in words])}", flush=True)
    print("=", file=sys.stderr, flush=True)
"""
"""What is given in one process, since to load torch takes longer than all of it."""


def played(folder: Path, environment: dict[str, str], *options: str) -> tuple[str, str]:
    """What the commands print there, without what is never twice the same."""
    (folder / "größe").mkdir()
    (folder / "commands.py").write_text(COMMANDS, encoding="utf-8")
    recipe = RING.replace("budget_kimg = 2.56", "budget_kimg = 0.64").replace(
        '{name = "jsonl"}', '{name = "jsonl"}, {name = "samples"}'
    )
    (folder / "größe" / "数字.toml").write_text(f'about = "größer als 数"\n{recipe}', encoding="utf-8")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON", "GANLAB"))
    }
    done = subprocess.run(
        [sys.executable, *options, "commands.py"],
        cwd=folder,
        env={**kept, "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return readable(done.stdout), readable(done.stderr)


def readable(raw: bytes) -> str:
    """As text; a letter that the environment lacks counts as itself."""
    text = re.sub(
        rb"\\u([0-9a-f]{4})|\\x([0-9a-f]{2})", lambda found: chr(int(found[1] or found[2], 16)).encode(), raw
    ).decode()
    text = re.sub(r"\d+ img/s|eta [\d:]+|\d+ MB|[\d.]+ GB|\b\d+:\d\d\b", "#", text)
    return re.sub(r"not bit-exact: .*", "", text)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The folder in a plain environment, and what was printed."""
    folder = tmp_path_factory.mktemp("plain")
    return (folder, *played(folder, PLAIN))


def test_in_a_plain_environment_all_is_as_expected(plain: tuple[Path, str, str]) -> None:
    folder, out, err = plain
    assert re.findall(r"^= (\d+)$", out, re.MULTILINE) == ["0", "0", "0", "0", "2", "2", "2", "2", "2"]
    assert "Traceback" not in err
    assert "größer" in (folder / "läufe/first/recipe.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("environment", "options"), [(BARE, ["-O"]), (STRIPPED, [])], ids=["bare", "stripped"])
def test_the_environment_changes_neither_what_is_kept_nor_what_is_said(
    plain: tuple[Path, str, str], tmp_path: Path, environment: dict[str, str], options: list[str]
) -> None:
    before, out, err = plain
    found_out, found_err = played(tmp_path, environment, *options)
    assert found_out == out
    assert found_err == err
    assert names(tmp_path / "läufe/first") == names(before / "läufe/first")
    for name in ("recipe.toml", "fields.json"):
        assert (tmp_path / "läufe/first" / name).read_bytes() == (before / "läufe/first" / name).read_bytes()
    assert measurements(tmp_path) == measurements(before)
    same(state(tmp_path), state(before))


def names(run: Path) -> list[str]:
    return sorted(str(path.relative_to(run)) for path in run.rglob("*"))


def measurements(folder: Path) -> list[dict[str, Any]]:
    """What was measured, without how long it took."""
    lines = (folder / "läufe/first/measurements.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(each).items() if k not in ("seconds", "images_per_second")} for each in lines]


def state(folder: Path) -> Any:
    return CheckpointFolder(folder / "läufe/first/checkpoints").newest()[0]["game"]["players"]


def same(left: Any, right: Any) -> None:
    """Equal to the last bit."""
    assert type(left) is type(right)
    if isinstance(left, torch.Tensor):
        assert torch.equal(left, right)
    elif isinstance(left, dict):
        assert list(left) == list(right)
        for key in left:
            same(left[key], right[key])
    else:
        assert left == right
