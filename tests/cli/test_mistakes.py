"""Every mistake is one line on stderr and an exit status, and leaves nothing behind."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from ganlab.cli.failures import diagnosed
from ganlab.errors import PluginError, RecipeError, StorageError
from tests.cli.conftest import Ask

LINE = re.compile(r"ganlab: error\[E-([A-Z]+)\]: .+")

MISTAKES: list[tuple[str, int, str, str]] = [
    # command, exit status, code, what the line says
    ("rnu", 2, "USAGE", "Did you mean 'run'?"),
    ("run --nmae x", 2, "USAGE", "--name"),
    ("run ring.toml --seed x", 2, "USAGE", "not a valid integer"),
    ("run ring.toml --seed -1", 2, "USAGE", "0<=x"),
    ("run ring.toml --device gpu", 2, "USAGE", "cuda:N"),
    ("resume", 2, "USAGE", "RUN"),
    ("run rinng", 2, "RECIPE", "Did you mean 'ring'?"),
    ("run missing.toml", 2, "RECIPE", "missing.toml: cannot be read"),
    ("run broken.toml", 2, "RECIPE", "line 1"),
    ("run binary.toml", 2, "RECIPE", "is not UTF-8"),
    ("run ring.toml --set loss.name=hindge", 5, "PLUGIN", "Did you mean 'hinge'?"),
    ("run ring.toml --set batchsize=3", 2, "RECIPE", "Did you mean 'batch_size'?"),
    ("run ring.toml --set batch_size=0", 2, "RECIPE", "batch_size: "),
    ("run ring.toml --set batch_size=true", 2, "RECIPE", "batch_size: "),
    ("run ring.toml --set budget_kimg=nan", 2, "RECIPE", "budget_kimg: "),
    ("run ring.toml --set players.generator.architecture.widht=3", 2, "RECIPE", "Did you mean 'width'?"),
    ("run ring.toml --set players.generator.optimizer.lr=-1", 2, "RECIPE", "optimizer.lr: "),
    ("run ring.toml --set batch_size", 2, "RECIPE", "expected key=value"),
    ("run ring.toml --name ../escaped", 2, "RECIPE", "--name"),
    ("run ring.toml --name " + "x" * 65, 2, "RECIPE", "at most 64"),
    ("run ring.toml --runs ring.toml", 6, "STORAGE", "cannot hold a run"),
    ("run ring.toml --set players.point.architecture.name=dcgan", 2, "RECIPE", "dcgan"),
    ("run ring.toml --set batch_size=1000000", 3, "DATA", "1000000"),
    ('run ring.toml --set watch.diagnostics=[{name="truth"}]', 2, "RECIPE", "watch.diagnostics.truth: needs a dataset"),
    ("run folder.toml --set dataset.path=empty", 3, "DATA", "empty"),
    ("run folder.toml --set dataset.path=nowhere", 3, "DATA", "nowhere"),
    ("resume nobody", 2, "RECIPE", "no run 'nobody'"),
    ("sample nobody --out x.png", 2, "RECIPE", "no run 'nobody'"),
    ("compare nobody nobody", 2, "RECIPE", "no run 'nobody'"),
    ("plugins show hindge", 5, "PLUGIN", "Did you mean 'hinge'?"),
    ("plugins list loss", 2, "RECIPE", "Did you mean 'losses'?"),
    ("plugins check nobody", 5, "PLUGIN", "no plugin named 'nobody'"),
    ("plugins new Ouch!", 2, "RECIPE", "cannot name a plugin"),
    ("recipe show rinng", 2, "RECIPE", "Did you mean 'ring'?"),
    ("board nowhere", 2, "RECIPE", "no folder 'nowhere'"),
]


@pytest.fixture
def mistaken(here: Path) -> Path:
    """A folder with recipes that are wrong."""
    (here / "broken.toml").write_text("budget_kimg = \n")
    (here / "binary.toml").write_bytes(b"\xff\xfe")
    (here / "empty").mkdir()
    recipe = (
        (here / "ring.toml").read_text().replace('"ring"', '"image-folder", path = "empty"').replace("point", "image")
    )
    (here / "folder.toml").write_text(recipe)
    return here


@pytest.mark.parametrize(("words", "status", "code", "said"), MISTAKES, ids=[each[0][:60] for each in MISTAKES])
def test_a_mistake_is_one_line_and_a_status(
    mistaken: Path, ask: Ask, words: str, status: int, code: str, said: str
) -> None:
    before = sorted(mistaken.rglob("*"))
    answer = ask(*words.split())
    assert answer.status == status
    assert answer.out == ""
    (line,) = answer.problems
    found = LINE.fullmatch(line)
    assert found is not None
    assert found[1] == code
    assert said in line
    assert [path for path in sorted(mistaken.rglob("*")) if path != mistaken / "runs"] == before


def test_several_mistakes_are_several_lines(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--set", "loss.gamam=1", "--set", "players.point.optimizer.lr=-1")
    assert answer.status == 2
    assert len(answer.problems) == 2
    assert all(LINE.fullmatch(line) for line in answer.problems)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused_and_leaves_no_directory(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--device", "cuda", "--name", "x")
    assert answer.status == 2
    assert "no usable GPU" in answer.problems[-1]
    assert list((here / "runs").iterdir()) == []


def test_a_name_that_is_taken_is_refused_and_the_run_unharmed(here: Path, ask: Ask, played: Path) -> None:
    before = {path: path.read_bytes() for path in (played / "first").rglob("*") if path.is_file()}
    answer = ask("run", "ring.toml", "--name", "first", "--runs", played)
    assert answer.status == 2
    assert "ganlab resume first" in answer.err
    after = {path: path.read_bytes() for path in (played / "first").rglob("*") if path.is_file()}
    lock = played / "first" / "lock"
    assert {**after, lock: b""} == {**before, lock: b""}


def test_a_run_that_is_being_played_is_busy(here: Path, ask: Ask, played: Path) -> None:
    shutil.copytree(played, here / "runs")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from ganlab.assemble.run_directory import RunDirectory;"
            "RunDirectory(pathlib.Path('runs/first')).lock(); print('held', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for words in (["run", "ring.toml", "--name", "first"], ["resume", "first", "--set", "budget_kimg=3"]):
            answer = ask(*words)
            assert answer.status == 8
            assert f"process {holder.pid}" in answer.problems[-1]
        (here / "runs/first/outcome.json").unlink()
        assert ask("runs", "--json").json()["runs"][0]["ending"] == "playing"
    finally:
        holder.communicate("")
    assert ask("runs", "--json").json()["runs"][0]["ending"] == "broken off"


def test_what_a_killed_start_left_behind_is_taken_over(here: Path, ask: Ask) -> None:
    (here / "runs/x").mkdir(parents=True)
    (here / "runs/x/lock").touch()
    assert ask("run", "ring.toml", "--name", "x").status == 0


def test_a_damaged_checkpoint_is_refused(here: Path, ask: Ask, played: Path) -> None:
    shutil.copytree(played, here / "runs")
    for path in (here / "runs/first/checkpoints").iterdir():
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        path.write_bytes(raw)
    for words in (["resume", "first", "--set", "budget_kimg=3"], ["sample", "first", "--out", "x.npz"]):
        answer = ask(*words)
        assert answer.status == 4
        assert "SHA-256" in answer.problems[-1]
    assert not (here / "x.npz").exists()


def test_a_run_without_a_checkpoint_says_how_to_begin_again(here: Path, ask: Ask, played: Path) -> None:
    shutil.copytree(played, here / "runs", ignore=shutil.ignore_patterns("checkpoints", "outcome.json"))
    for words in (["resume", "first"], ["sample", "first", "--out", "x.npz"]):
        answer = ask(*words)
        assert answer.status == 4
        assert "ganlab run runs/first/recipe.toml" in answer.err


def test_what_makes_a_run_what_it_is_cannot_be_changed(here: Path, ask: Ask, played: Path) -> None:
    for setting in (
        "seed=1",
        "task.latent_size=5",
        "dataset.name=grid",
        "players.generator.architecture.width=8",
        "players.generator.architecture.name=dcgan",
    ):
        answer = ask("resume", "first", "--runs", played, "--set", setting)
        assert answer.status == 2
        assert setting.partition("=")[0] in answer.err


@pytest.mark.parametrize("out", ["taken.png", "taken", "no-ending", "x.jpg", "nowhere/x.png"])
def test_samples_take_the_place_of_nothing(here: Path, ask: Ask, played: Path, out: str) -> None:
    (here / "taken.png").write_text("mine")
    (here / "taken").mkdir()
    answer = ask("sample", "first", "--runs", played, "--out", f"{out}/" if out == "taken" else out)
    assert answer.status == 2
    assert len(answer.problems) == 1
    assert (here / "taken.png").read_text() == "mine"


def test_a_bug_is_one_line_and_its_traceback_is_kept(here: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Any:
        raise ZeroDivisionError("our own fault")

    monkeypatch.setattr("ganlab.assemble.runs.train", broken)
    answer = ask("run", "ring.toml", "--name", "x")
    assert answer.status == 70
    assert answer.problems == [
        "ganlab: error[E-BUG]: ZeroDivisionError: our own fault; this is a bug of ganlab or of a plugin, "
        "its traceback is in runs/x/crash.log"
    ]
    assert "Traceback" in (here / "runs/x/crash.log").read_text()
    assert "in broken" in ask("--debug", "run", "ring.toml", "--name", "y").err


def test_a_signal_before_the_first_round_leaves_nothing(here: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, status in ((signal.SIGTERM, 75), (signal.SIGHUP, 75), (signal.SIGINT, 130)):

        def interrupted(*arguments: Any, number: int = number) -> Any:
            os.kill(os.getpid(), number)
            raise AssertionError("the signal was not heard")

        monkeypatch.setattr("ganlab.assemble.runs.build_game", interrupted)
        answer = ask("run", "ring.toml", "--name", "x")
        assert answer.status == status
        assert "Traceback" not in answer.err
        assert not (here / "runs/x").exists()


def test_foreign_text_cannot_move_the_cursor_or_add_lines(here: Path, ask: Ask) -> None:
    answer = ask("run", "ring.toml", "--set", "loss.name=\x1b[2J\u202eevil\u2028ganlab")
    assert len(answer.err.split("\n")) == 2
    assert answer.err.strip().isprintable()


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (RecipeError("a\nb"), "RECIPE", 2),
        (PluginError("a"), "PLUGIN", 5),
        (OSError(errno.ENOSPC, "No space left on device", "x"), "STORAGE", 6),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "STORAGE", 6),
        (caused(RuntimeError("unexpected pos 158784 vs 158680"), OSError(errno.ENOSPC, "full")), "STORAGE", 6),
        (MemoryError(), "MEMORY", 9),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "MEMORY", 9),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "MEMORY", 9),
        (ValueError("a\nb"), "BUG", 70),
        (OSError(errno.EBADF, "Bad file descriptor"), "BUG", 70),
        (StorageError("a"), "STORAGE", 6),
    ],
)
def test_every_exception_has_its_code(error: BaseException, code: str, status: int) -> None:
    found, exit_status, problems = diagnosed(error)
    assert (found, exit_status) == (code, status)
    assert len(problems) == (2 if isinstance(error, RecipeError) else 1)
    assert not any("\n" in problem for problem in problems)


def test_mistakes_of_the_tree_and_of_components_are_told_at_once(mistaken: Path, ask: Ask) -> None:
    answer = ask(
        *"run ring.toml --set batchsize=3 --set loss.name=hindge --set players.point.architecture.widht=3".split()
    )
    assert answer.status == 2
    told = "\n".join(answer.problems)
    assert len(answer.problems) == 3
    assert all(each in told for each in ("batch_size", "loss: no loss named 'hindge'", "architecture.widht"))


def test_an_option_of_the_default_optimiser_may_be_set_alone(mistaken: Path, ask: Ask) -> None:
    text = (mistaken / "ring.toml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("optimizer")]
    (mistaken / "plain.toml").write_text("\n".join(lines))
    answer = ask(*"run plain.toml --dry-run --set players.point.optimizer.lr=0.25".split())
    assert answer.status == 0
    assert "lr = 0.25" in answer.out
