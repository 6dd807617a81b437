"""Where a run may live, what it may be called, and whose it is."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab import disk
from ganlab.assemble.run_directory import RunDirectory, list_runs
from ganlab.assemble.run_lock import Lock, held
from ganlab.assemble.run_place import LONGEST, check_length, is_name
from ganlab.cli.run import named
from ganlab.errors import BusyError, GanlabError, RecipeError, StorageError

BAD_NAMES = [
    "",
    ".",
    "..",
    "../x",
    "/etc",
    "a/b",
    "a\\b",
    "-x",
    ".x",
    "_x",
    "x.",
    "x ",
    " x",
    "x" * 65,
    "%2e%2e/x",
    "x#y",
    "x\0y",
    "x\n",
    "x\ny",
    "\u202ex",
    "café",
    "cafe\u0301",
    "con",
    "NUL",
    "Com1",
    "lpt9.txt",
    "aux.tar.gz",
    "prn.",
    "//proc/self/root",
    "x\udcff",
]
GOOD_NAMES = ["x", "0", "x" * 64, "a.b_c-d", "console", "com10", "auxiliary", "nul-1", "x.toml", "X-"]


@pytest.fixture
def claimed(tmp_path: Path) -> Iterator[RunDirectory]:
    directory = RunDirectory.claim(tmp_path / "runs", "x", "")
    yield directory
    directory.unlock()


def begin(path: Path) -> Path:
    """A directory in which a run has begun."""
    path.mkdir(parents=True)
    (path / "recipe.toml").write_text("seed = 0\n")
    return path


def in_another_process(code: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    script = f"""
import os, sys, time
from pathlib import Path
from ganlab.assemble.run_directory import RunDirectory, list_runs
from ganlab.errors import *
{code}
"""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=folder, stdin=pipe, stdout=pipe, text=True)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# Names


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_a_name_that_means_something_else_somewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecipeError, match="--name"):
        RunDirectory.claim(tmp_path / "runs", name, "")
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_begun_is_not_found_by_name_either() -> None:
    assert not [name for name in BAD_NAMES if is_name(name)]
    assert all(map(is_name, GOOD_NAMES))


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_plain_name_is_a_directory_of_runs(tmp_path: Path, name: str) -> None:
    directory = RunDirectory.claim(tmp_path / "runs", name, "")
    directory.unlock()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [name]


@settings(max_examples=500, deadline=None, database=None, derandomize=True)
@given(st.text(max_size=70) | st.from_regex(r"[A-Za-z0-9._\-/%#]{1,70}", fullmatch=True))
def test_no_name_leads_out_of_the_folder_of_runs(name: str) -> None:
    if is_name(name):
        assert Path("runs", name).parent == Path("runs")
        assert os.path.normpath(f"runs/{name}") == f"runs/{name}"
        assert name.isascii()
        assert len(name) <= 64


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.text(max_size=70))
def test_a_run_that_is_named_after_its_recipe_has_a_good_name(recipe: str) -> None:
    assert is_name(f"{named(recipe)}-20250101-000000-999")


def test_a_name_leads_to_no_run_outside_and_a_path_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    begin(runs / "x")
    begin(tmp_path / "outside")
    monkeypatch.chdir(tmp_path)
    for name in ("../outside", "x/../../outside", ".."):  # below runs they would lead to it, as paths they do not
        with pytest.raises(RecipeError, match="no run"):
            RunDirectory.find(name, Path("runs"))
    assert RunDirectory.find("x", Path("runs")).path == Path("runs/x")
    for path in (str(tmp_path / "outside"), "./outside", "runs/../outside"):
        assert RunDirectory.find(path, Path("runs")).name == "outside"
    monkeypatch.chdir(tmp_path / "outside")
    assert RunDirectory.find(".", Path("runs")).name == "outside"


def test_a_link_is_not_followed_for_a_name(tmp_path: Path) -> None:
    begin(tmp_path / "elsewhere/x")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/x").symlink_to(tmp_path / "elsewhere/x")
    with pytest.raises(RecipeError, match=re.escape(str(tmp_path / "elsewhere/x"))):
        RunDirectory.find("x", tmp_path / "runs")
    assert list_runs(tmp_path / "runs") == []
    assert RunDirectory.find(str(tmp_path / "elsewhere/x"), tmp_path / "runs").name == "x"


# Places


def test_a_run_s_directory_is_its_owner_s_alone_and_the_folder_of_runs_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        directory = RunDirectory.claim(tmp_path / "a/runs", "x", "")
    finally:
        os.umask(before)
    directory.unlock()
    modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("a", "a/runs", "a/runs/x", "a/runs/x/lock")]
    assert modes == [0o755, 0o755, 0o700, 0o600]


def test_the_name_of_a_run_is_on_the_disk_before_anything_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, Path]] = []

    class Recording(disk.System):
        def make_folder(self, path: Path) -> None:
            done.append(("make", path))
            super().make_folder(path)

        def sync_folder(self, path: Path) -> None:
            done.append(("sync", path))
            super().sync_folder(path)

    monkeypatch.setattr(disk, "system", Recording())
    runs = tmp_path / "a/runs"
    RunDirectory.claim(runs, "x", "").unlock()
    assert done == [("sync", tmp_path), ("sync", tmp_path / "a"), ("make", runs / "x"), ("sync", runs)]


def test_a_folder_of_runs_in_which_anybody_may_rename_is_no_place(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    runs.chmod(0o777)
    with pytest.raises(StorageError, match="chmod"):
        RunDirectory.claim(runs, "x", "")
    assert list(runs.iterdir()) == []
    runs.chmod(0o1777)
    RunDirectory.claim(runs, "x", "").unlock()
    runs.chmod(0o777)
    with pytest.raises(StorageError, match="chmod"):
        RunDirectory(runs / "x").check()


def deep(root: Path, length: int) -> Path:
    """A folder that is there, whose path has so many bytes."""
    path = str(root)
    while length - len(path) > 201:
        path += "/" + "d" * 100
        os.mkdir(path)
    path += "/" + "e" * (length - len(path) - 1)
    os.mkdir(path)
    return Path(path)


def test_a_path_that_would_become_too_long_is_refused_before_the_start(tmp_path: Path) -> None:
    room = 4095 - len("/x") - max(map(len, LONGEST)) - 1
    runs = deep(tmp_path, 3000)
    try:
        check_length(runs / ("y" * 200))
        runs = deep(runs, room)
        check_length(runs / "x")
        with pytest.raises(RecipeError, match="4096 bytes, and this disk takes 4095"):
            check_length(runs / "xx")
        (runs / "x").mkdir()
        for name in LONGEST:  # what was let through can be written, to the last byte
            (runs / "x" / name).parent.mkdir()
            (runs / "x" / name).touch()
    except OSError as error:
        pytest.fail(f"refused by the system: {error}")


@pytest.mark.parametrize("runs", ["d" * 300, "a/" * 2100, ("a" * 200 + "/") * 20], ids=["part", "many", "long"])
def test_a_folder_that_no_system_takes_is_a_mistake_in_the_command(tmp_path: Path, runs: str) -> None:
    with pytest.raises(RecipeError, match="--runs"):
        RunDirectory.claim(tmp_path / runs, "x", "")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_noticed_before_anything_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    full = os.statvfs_result((*real[:4], 3, *real[5:]))
    monkeypatch.setattr("ganlab.assemble.run_place.os.statvfs", lambda path: full)
    with pytest.raises(StorageError, match="the disk is full"):
        RunDirectory.claim(tmp_path / "runs", "x", "")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_disk_that_refuses_the_lock_gets_its_directory_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ganlab.assemble.run_lock.os.pwrite", refuse)
    with pytest.raises(StorageError, match="No space left"):
        RunDirectory.claim(tmp_path / "runs", "x", "")
    assert list((tmp_path / "runs").iterdir()) == []


AS_NOBODY = """
import json, os, sys
from ganlab.cli import main
if os.getuid() == 0:
    main(["run", "--help"])  # loaded before: where Python is root's alone, nobody could not load it
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
statuses = [main(words) for words in json.loads(sys.argv[1])]
print(json.dumps([statuses, sorted({name.partition(".")[0] for name in sys.modules}), sum(os.times()[:2])]))
"""


@pytest.mark.permissions
def test_a_place_that_cannot_hold_a_run_is_refused_before_torch_is_loaded(tmp_path: Path) -> None:
    """As a user who is not root: root may write everywhere."""
    tmp_path.chmod(0o755)
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o555)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret").chmod(0)
    places = ["file", "file/runs", "closed", "closed/new/runs", "secret", "secret/runs", "/proc/runs", "/dev/null/x"]
    commands = [["run", "--runs", place, "--name", "x"] for place in places]
    answer = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, json.dumps(commands)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    statuses, modules, seconds = json.loads(answer.stdout.splitlines()[-1])
    assert dict(zip(places, statuses, strict=True)) == dict.fromkeys(places, 6)
    lines = answer.stderr.splitlines()
    assert len(lines) == len(places)
    assert all(re.fullmatch(r"ganlab: error\[E-STORAGE\]: .+ cannot hold a run .+", line) for line in lines)
    assert not {"torch", "numpy", "pydantic"} & set(modules)
    assert seconds < 0.5  # all eight together, Python's own start included
    assert list((tmp_path / "closed").iterdir()) == []


FULL = """
set -e
mount -t tmpfs -o size=16k tmpfs full
head -c 100000 /dev/zero > full/ballast 2> /dev/null || true
status=0
"$@" || status=$?
ls full
exit $status
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts")
def test_a_disk_that_is_really_full_is_refused_before_torch_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    script = (
        "import sys; from ganlab.cli import main\n"
        "status = main(sys.argv[1:]); sys.exit(status + 50 * ('torch' in sys.modules))"
    )
    command = [sys.executable, "-c", script, "run", "--runs", "full", "--name", "x"]
    answer = subprocess.run(
        ["unshare", "-m", "bash", "-c", FULL, "bash", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 6, answer.stderr
    assert re.fullmatch(r"ganlab: error\[E-STORAGE\]: full: the disk is full; .+\n", answer.stderr)
    assert answer.stdout == "ballast\n"


# Whose it is


def test_an_owner_keeps_others_out_and_is_named(claimed: RunDirectory) -> None:
    runs = claimed.path.parent
    code = """
try:
    RunDirectory(Path("x")).lock()
except BusyError as error:
    print(error)
"""
    process = in_another_process(code, runs)
    told = line_of(process)
    process.wait()
    assert f"process {os.getpid()} on {socket.gethostname()}" in told
    assert told.startswith("run 'x' is being played by")


def test_who_asks_whether_a_run_is_played_does_not_take_it_from_its_owner(claimed: RunDirectory) -> None:
    runs = claimed.path.parent
    (claimed.path / "recipe.toml").touch()
    code = "print([each.ending() for each in list_runs(Path('.'))])"
    assert claimed.ending() == "playing"  # asked by the owner itself, which must not open the file again
    assert [each.ending() for each in list_runs(runs)] == ["playing"]
    for _ in range(2):
        process = in_another_process(code, runs)
        assert line_of(process) == "['playing']"
        process.wait()
    with pytest.raises(BusyError, match="this very process"):
        RunDirectory(claimed.path).lock()
    process = in_another_process(code, runs)
    assert line_of(process) == "['playing']"
    process.wait()
    claimed.unlock()
    process = in_another_process(code, runs)
    assert line_of(process) == "['broken off']"
    process.wait()


def test_the_lock_is_free_when_its_owner_is_killed_though_a_child_lives_on(tmp_path: Path) -> None:
    code = """
directory = RunDirectory.claim(Path("runs"), "x", "")
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
time.sleep(60)
"""
    owner = in_another_process(code, tmp_path)
    child = int(line_of(owner))
    try:
        assert held(tmp_path / "runs/x/lock")
        owner.kill()
        owner.wait()
        os.kill(child, 0)  # it lives
        began = time.monotonic()
        lock = Lock(tmp_path / "runs/x/lock")
        lock.take()
        assert time.monotonic() - began < 1
        lock.leave()
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_dead_are_not_named_as_owners(tmp_path: Path) -> None:
    """Between its lock and its signature, an owner's file has the signature of the one before."""
    run = begin(tmp_path / "x")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (run / "lock").write_text(f"process {dead.pid} on {socket.gethostname()}\n")
    slow = """
import ganlab.assemble.run_lock as module
real = os.pwrite
def late(*arguments):
    print("held", flush=True)
    time.sleep(0.3)
    return real(*arguments)
module.os.pwrite = late
directory = RunDirectory(Path("x"))
directory.lock()
time.sleep(60)
"""
    owner = in_another_process(slow, tmp_path)
    try:
        assert line_of(owner) == "held"
        with pytest.raises(BusyError, match=f"process {owner.pid} on"):
            RunDirectory(run).lock()
    finally:
        owner.kill()
        owner.wait()


@pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "directory"])
def test_what_is_no_plain_file_is_not_locked(tmp_path: Path, kind: str) -> None:
    run = begin(tmp_path / "runs/x")
    victim = tmp_path / "victim"
    victim.write_text("mine")
    if kind == "pipe":
        os.mkfifo(run / "lock")
    elif kind == "directory":
        (run / "lock").mkdir()
    else:
        (run / "lock").symlink_to(victim if kind == "link" else tmp_path / "new")
    with pytest.raises(StorageError, match="cannot be locked"):
        RunDirectory(run).lock()
    assert victim.read_text() == "mine"
    assert not (tmp_path / "new").exists()
    assert RunDirectory(run).ending() == "broken off"


def test_a_start_that_was_given_up_meanwhile_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The former owner takes its directory away between our look at it and our lock."""
    runs = tmp_path / "runs"
    former = RunDirectory.claim(runs, "x", "")
    real = os.open
    given_up = []

    def late(path: Any, flags: int, mode: int = 0o777) -> int:
        descriptor = real(path, flags, mode)
        if str(path).endswith("lock") and not given_up:
            given_up.append(path)
            for each in former.path.iterdir():
                each.unlink()
            former.path.rmdir()
        return descriptor

    former.unlock()
    monkeypatch.setattr("ganlab.assemble.run_lock.os.open", late)
    directory = RunDirectory.claim(runs, "x", "")
    assert given_up
    assert held(runs / "x/lock")
    assert (runs / "x/lock").read_text().startswith(f"process {os.getpid()}")
    directory.unlock()


def test_a_lock_on_a_file_that_was_taken_away_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = begin(tmp_path / "x") / "lock"
    real = os.open
    opened = []

    def late(*arguments: Any) -> int:
        opened.append(real(*arguments))
        if len(opened) == 1:
            path.unlink()
            path.write_text("")
        return opened[-1]

    with monkeypatch.context() as patch:
        patch.setattr("ganlab.assemble.run_lock.os.open", late)
        lock = Lock(path)
        lock.take()
    assert len(opened) == 2
    assert held(path)
    lock.leave()
    assert not held(path)


def test_half_written_files_of_a_killed_start_do_not_make_it_a_run(tmp_path: Path) -> None:
    left = tmp_path / "runs/x"
    left.mkdir(parents=True)
    (left / "recipe.toml.tmp.4194304").write_text("seed")
    (left / "provenance.json").write_text("{}")
    assert list_runs(tmp_path / "runs") == []
    directory = RunDirectory.claim(tmp_path / "runs", "x", "")
    directory.abandon()
    assert not left.exists()


def test_a_run_that_began_is_neither_taken_over_nor_abandoned(tmp_path: Path) -> None:
    begin(tmp_path / "runs/x")
    with pytest.raises(RecipeError, match="exists"):
        RunDirectory.claim(tmp_path / "runs", "x", "")
    assert not held(tmp_path / "runs/x/lock")
    directory = RunDirectory(tmp_path / "runs/x")
    directory.lock()
    directory.abandon()
    assert (tmp_path / "runs/x/recipe.toml").exists()


def test_a_run_without_a_name_finds_a_free_one(tmp_path: Path) -> None:
    directories = [RunDirectory.claim(tmp_path, None, "ring") for _ in range(5)]
    assert len({each.name for each in directories}) == 5
    for each in directories:
        each.unlock()


def test_every_mistake_about_places_is_an_error_of_ours(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    os.mkfifo(tmp_path / "pipe")
    for runs in (loop, loop / "runs", tmp_path / "pipe", tmp_path / "pipe/x", Path("/dev/null")):
        with pytest.raises(GanlabError):
            RunDirectory.claim(runs, "x", "")
