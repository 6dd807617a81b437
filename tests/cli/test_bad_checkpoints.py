"""Runs whose checkpoints are not what they were: damaged, forged, another game's, of another format, gone."""

from __future__ import annotations

import math
import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.cli import main
from ganlab.engine import container
from ganlab.engine.checkpoint_folder import CheckpointFolder
from tests.cli.conftest import RING, Ask
from tests.engine.mutants import mutant

GOLDEN = Path(__file__).parents[1] / "engine/golden"

MORE = ("--set", "budget_kimg=2.816")
"""Two rounds more than the finished run has played."""

MUTANTS = 60


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with two whole checkpoints, the last rounds apart; not to be changed."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "ring.toml").write_text(RING)
    often = ("--set", "checkpoint_seconds=1e-9")
    assert main(["run", str(folder / "ring.toml"), "--name", "run", "--runs", str(folder / "runs"), *often]) == 0
    return folder / "runs/run"


@pytest.fixture
def run(here: Path, saved: Path) -> Path:
    """The same with its two newest checkpoints, to be changed."""
    shutil.copytree(saved, here / "runs/run")
    for each in generations(here / "runs/run")[2:]:
        each.unlink()
    return here / "runs/run"


def generations(run: Path) -> list[Path]:
    return CheckpointFolder(run / "checkpoints").generations()


def put(run: Path, tree: dict[str, Any]) -> None:
    """Let the run have this tree for its one checkpoint."""
    newest, *others = generations(run)
    newest.write_bytes(container.pack(tree))
    for each in others:
        each.unlink()


def left(run: Path) -> dict[str, bytes]:
    """All files, but those that a refused command may write."""
    found = (each for each in sorted(run.rglob("*")) if each.is_file() and each.name not in ("lock", "crash.log"))
    return {str(each.relative_to(run)): each.read_bytes() for each in found}


def test_every_checkpoint_of_a_run_may_be_whatever_and_no_command_trips(run: Path, ask: Ask, tmp_path: Path) -> None:
    tree = container.read(generations(run)[0])
    chance = random.Random(0)
    ends: Counter[int] = Counter()
    kept = tmp_path / "kept"
    shutil.copytree(run, kept)
    for _ in range(MUTANTS):
        changed, what = mutant(tree, chance)
        if chance.random() < 0.7:  # deeper: in the game
            changed["game"], what = mutant(tree["game"], chance) if isinstance(tree.get("game"), dict) else (None, what)
            changed = {**tree, "game": changed["game"]}
        shutil.rmtree(run)
        shutil.copytree(kept, run)
        put(run, changed)
        before = left(run)
        sampled = ask("sample", run, "--out", "samples.npz")
        assert left(run) == before, what
        resumed = ask("resume", run, *MORE)
        for answer in (sampled, resumed):
            told = [line for line in answer.problems if "error[" in line]
            assert answer.status in (0, 4, 7) or "E-RECIPE" in told[0] or "E-DATA" in told[0], (what, answer.err)
            assert "Traceback" not in answer.err
            assert len(told) == (answer.status not in (0, 7)), (what, answer.err)
        if resumed.status not in (0, 7):
            assert left(run) == before, what
            assert len(resumed.problems) == 1, (what, resumed.err)
        (Path("samples.npz")).unlink(missing_ok=True)
        ends[resumed.status] += 1
    assert ends[0] >= 5
    assert ends[4] >= 20


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("damage", [cut, flip, empty, zero, folder, pipe, link, device])
def test_the_run_goes_on_from_the_generation_before_and_says_so(
    run: Path, ask: Ask, damage: Callable[[Path], None]
) -> None:
    newest, before = generations(run)
    damage(newest)
    status = os.lstat(newest)
    sampled = ask("sample", "run", "--out", "samples.npz")
    assert sampled.status == 0
    (line,) = sampled.problems
    assert line.startswith(f"ganlab: warning: {newest.name}: ")
    assert generations(run) == [newest, before]
    answer = ask("resume", "run", *MORE, "--json")
    assert answer.status == 0
    (line,) = [each for each in answer.problems if "warning" in each]
    assert line.startswith(f"ganlab: warning: {newest.name}: ")
    assert line.endswith(f"; going on from {before.name}")
    aside = newest.with_name(f"{newest.name}.damaged")
    assert (os.lstat(aside).st_ino, os.lstat(aside).st_size) == (status.st_ino, status.st_size)
    assert all(container.is_whole(each) for each in generations(run))
    assert generations(run)[0].name == "000000002816.ckpt"


def test_where_no_generation_is_whole_each_is_told_in_one_line(run: Path, ask: Ask) -> None:
    newest, before = generations(run)
    cut(newest)
    flip(before)
    kept = left(run)
    for words in (("resume", "run", *MORE), ("sample", "run", "--out", "samples.npz")):
        answer = ask(*words)
        (line,) = answer.problems
        assert answer.status == 4
        assert re.search(rf"'run' has no whole checkpoint: {newest.name}: .+; {before.name}: .+; put a copy", line)
    assert left(run) == kept


def test_a_checkpoint_of_a_newer_ganlab_is_waited_for_and_no_older_one_taken(run: Path, ask: Ask) -> None:
    raw = bytearray(generations(run)[0].read_bytes())
    raw[len(container.MAGIC)] = container.VERSION + 1
    body = bytes(raw[container.START + container.LENGTH :])
    from tests.engine.forging import sealed

    length = int.from_bytes(body[:8], "little")
    generations(run)[0].write_bytes(sealed(body[8 : 8 + length], body[8 + length :], container.VERSION + 1))
    kept = left(run)
    for words in (("resume", "run", *MORE), ("sample", "run", "--out", "samples.npz")):
        answer = ask(*words)
        assert answer.status == 4
        (line,) = answer.problems
        assert "has format 3 and needs a newer ganlab, this one reads up to 2: upgrade it" in line
    assert left(run) == kept


def test_another_architecture_is_told_by_its_first_names_and_a_count(run: Path, ask: Ask) -> None:
    tree = container.read(generations(run)[0])
    network = tree["game"]["players"]["point"]["network"]
    network["deeper.weight"] = torch.zeros(3)
    network["layers.0.weight"] = network["layers.0.weight"][:, :1]
    network["layers.0.bias"] = network["layers.0.bias"].double()
    del network["layers.2.bias"]
    put(run, tree)
    answer = ask("resume", "run", *MORE)
    (line,) = answer.problems
    assert answer.status == 4
    assert line.endswith(
        "the checkpoint does not fit player 'point': lacks layers.2.bias; has deeper.weight, which is unknown here; "
        "layers.0.weight is float32 (16, 1), expected float32 (16, 2) and 1 more (of 4 tensors)"
    )


def other_shape(memory: dict[str, Any]) -> None:
    memory["exp_avg"] = memory["exp_avg"].T


def one_number(memory: dict[str, Any]) -> None:
    memory["exp_avg"] = memory["exp_avg"].mean()


def other_kind(memory: dict[str, Any]) -> None:
    memory["exp_avg_sq"] = memory["exp_avg_sq"].double()


def missing(memory: dict[str, Any]) -> None:
    del memory["exp_avg_sq"]


def negative(memory: dict[str, Any]) -> None:
    memory["step"] -= 1000


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (other_shape, r"exp_avg of layers.0.weight is float32 \(2, 16\), expected float32 \(16, 2\)"),
        (one_number, r"exp_avg of layers.0.weight is float32 \(\), expected float32 \(16, 2\)"),
        (other_kind, r"exp_avg_sq of layers.0.weight is float64 \(16, 2\), expected float32 \(16, 2\)"),
        (missing, r"lacks exp_avg_sq of layers.0.weight"),
        (negative, r"step of layers.0.weight is -980.0, expected a count"),
    ],
)
def test_a_memory_of_another_optimiser_is_refused(
    run: Path, ask: Ask, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    tree = container.read(generations(run)[0])
    change(tree["game"]["players"]["point"]["optimizer"]["layers.0.weight"])
    put(run, tree)
    answer = ask("resume", "run", *MORE)
    (line,) = answer.problems
    assert answer.status == 4
    assert re.search(rf"does not fit player 'point': {told} \(of 4 tensors\)$", line), line


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("part", "name"),
    [
        (("network", "layers.2.weight"), "layers.2.weight"),
        (("average", "layers.0.bias"), "averaged layers.0.bias"),
        (("optimizer", "layers.2.bias", "exp_avg_sq"), "layers.2.bias.exp_avg_sq"),
    ],
)
def test_numbers_that_are_not_finite_are_refused_unless_allowed(
    run: Path, ask: Ask, part: tuple[str, ...], name: str, value: float
) -> None:
    tree = container.read(generations(run)[0])
    node = tree["game"]["players"]["generator"]
    for each in part:
        node = node[each]
    node.reshape(-1)[1] = value
    put(run, tree)
    kept = left(run)
    answer = ask("resume", "run", *MORE)
    (line,) = answer.problems
    assert answer.status == 4
    assert f"{name} of player 'generator' holds numbers that are not finite; take an older one" in line
    assert line.endswith("or --allow nonfinite")
    assert left(run) == kept
    allowed = ask("resume", "run", *MORE, "--allow", "nonfinite")
    spreads = part[0] == "network" or (part[0] == "optimizer" and value != math.inf)  # Adam divides by an infinite one
    assert allowed.status == (7 if spreads else 0), allowed.err
    assert "Traceback" not in allowed.err
    if allowed.status == 7:
        assert [each.name for each in generations(run)] == ["000000002560.ckpt"]
        assert container.is_whole(generations(run)[0])


@pytest.mark.parametrize("version", range(1, container.VERSION + 1))
def test_a_run_of_each_format_is_sampled_and_gone_on_with(here: Path, ask: Ask, version: int) -> None:
    name = f"run-format-{version}"
    shutil.copytree(GOLDEN / name, here / "runs" / name)
    assert ask("sample", name, "--out", "samples.npz").status == 0
    answer = ask("resume", name, "--set", "budget_kimg=0.96")
    assert answer.status == 0, answer.err
    assert [each.name for each in generations(here / "runs" / name)] == ["000000000960.ckpt", "000000000640.ckpt"]
    assert (here / "runs" / name / "measurements.jsonl").read_text().count("\n") == 6
