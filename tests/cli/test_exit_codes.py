"""One table of codes and exit statuses, and the same answer wherever in a chain of exceptions the cause hides."""

from __future__ import annotations

import errno
import os
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import safetensors.torch
import torch

from ganlab import errors
from ganlab.cli.causes import ADVICE
from ganlab.cli.failures import BUG, INTERRUPTED, TERMINATED, USAGE, Session, diagnosed
from ganlab.cli.playing import STATUS
from ganlab.errors import GanlabError, RecipeError
from ganlab.values import Ending

TABLE = {
    "RECIPE": 2,
    "DATA": 3,
    "CHECKPOINT": 4,
    "PLUGIN": 5,
    "STORAGE": 6,
    "DIVERGED": 7,
    "BUSY": 8,
    "MEMORY": 9,
    "PEER": 75,
}
KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, GanlabError)]
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_kind_of_error_has_a_code_and_a_status_of_its_own() -> None:
    assert {each.code: each.exit_code for each in KINDS if each is not GanlabError} == TABLE
    assert len({each.exit_code for each in KINDS}) == len(KINDS)
    assert (GanlabError.code, GanlabError.exit_code) == ("BUG", BUG) == ("BUG", 70)


def test_a_run_ends_with_the_status_of_its_ending() -> None:
    assert set(STATUS) == set(Ending)
    assert (STATUS[Ending.FINISHED], STATUS[Ending.INTERRUPTED], STATUS[Ending.TERMINATED]) == (0, 130, 75)
    assert STATUS[Ending.DIVERGED] == STATUS[Ending.STOPPED] == 7
    assert (INTERRUPTED, TERMINATED, USAGE) == (130, 75, 2)


def test_the_readme_says_what_each_code_means_and_what_to_do() -> None:
    rows = re.findall(r"^\| `E-([A-Z]+)` \| (\d+) \| ([^|]+) \| ([^|]+) \|$", README, re.MULTILINE)
    assert {code: int(status) for code, status, *_ in rows} == {"USAGE": 2, **TABLE, "BUG": 70}
    assert all(len(cell) > 10 for _, _, *cells in rows for cell in cells)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_of_ours_is_told_with_its_code(kind: type[GanlabError]) -> None:
    assert diagnosed(kind("what, where, what to do")) == (kind.code, kind.exit_code, ["what, where, what to do"])
    assert diagnosed(kind("one\n\ntwo\n"))[2] == ["one", "two"]
    assert diagnosed(kind())[2] == ["no reason given"]


@pytest.mark.parametrize("number", sorted(ADVICE), ids=errno.errorcode.get)
def test_what_the_system_refuses_is_storage(number: int) -> None:
    code, status, (line,) = diagnosed(OSError(number, os.strerror(number), "/some/where"))
    assert (code, status) == ("STORAGE", 6)
    assert line == f"/some/where: the system refuses ({os.strerror(number)}); {ADVICE[number]}"


@pytest.mark.parametrize("filename", [None, 7, b"\xff\xfe", Path("x"), "a" * 5000])
def test_whatever_stands_for_the_file_is_told(filename: object) -> None:
    error = OSError(errno.ENOSPC, "full")
    error.filename = filename
    code, _, (line,) = diagnosed(error)
    assert code == "STORAGE"
    assert len(line) < 500


def test_a_name_that_is_too_long_is_a_mistake_of_the_command_line() -> None:
    code, status, (line,) = diagnosed(OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300))
    assert (code, status) == ("RECIPE", 2)
    assert line.endswith("is too long for a name on this disk; take a shorter one")


def full_disk() -> None:
    torch.save({"weight": torch.zeros(200_000)}, "/dev/full")


def full_disk_behind_a_file() -> None:
    with open("/dev/full", "wb", buffering=0) as file:
        torch.save({"weight": torch.zeros(200_000)}, file)


def full_disk_of_safetensors() -> None:
    safetensors.torch.save_file({"weight": torch.zeros(200_000)}, "limited.safetensors")


def no_memory() -> None:
    torch.empty(2**45)


def no_such_size() -> None:
    torch.nn.Linear(2**40, 2**40)


def no_memory_for_numpy() -> None:
    torch.empty(0).numpy().repeat(2).resize(2**50)


def no_memory_for_python() -> None:
    bytearray(2**60)


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder in which no file may grow over 64 KiB."""
    monkeypatch.chdir(tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("fail", "code"),
    [
        (full_disk, "STORAGE"),
        (full_disk_behind_a_file, "STORAGE"),
        (full_disk_of_safetensors, "STORAGE"),
        (no_memory, "MEMORY"),
        (no_such_size, "MEMORY"),
        (no_memory_for_numpy, "MEMORY"),
        (no_memory_for_python, "MEMORY"),
    ],
)
def test_what_libraries_really_say_is_recognised(fail: Callable[[], None], code: str) -> None:
    with pytest.raises(Exception) as caught:
        fail()
    found, status, (line,) = diagnosed(caught.value)
    assert (found, status) == (code, TABLE[code])
    assert len(line) < 400


def test_the_cause_is_found_at_the_bottom_of_a_chain() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("unexpected pos 158784 vs 158680")  # noqa: B904
    except RuntimeError as error:
        wrapped = ValueError("the last")
        wrapped.__cause__ = error
    assert diagnosed(wrapped)[0] == "STORAGE"
    wrapped.__cause__ = wrapped
    assert diagnosed(wrapped)[0] == "BUG"


class Mute(Exception):
    """An exception that cannot be printed."""

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize("error", [Mute(), ValueError("a\nb\x1b[2J"), KeyError("x"), AssertionError(), StopIteration()])
def test_anything_else_is_our_bug_in_one_line_without_its_traceback(
    error: Exception, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Session(run=tmp_path).tell(error) == 70
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert told.out == ""
    assert re.fullmatch(r"ganlab: error\[E-BUG\]: .+; this is a bug of ganlab or of a plugin, .+crash\.log", line)
    assert line.isprintable()
    assert type(error).__name__ in (tmp_path / "crash.log").read_text()


def test_a_crash_log_is_added_to_and_never_followed_elsewhere(tmp_path: Path) -> None:
    session = Session(run=tmp_path)
    session.tell(ValueError("first"))
    session.tell(RecipeError("second"))
    told = (tmp_path / "crash.log").read_text()
    assert told.index("first") < told.index("second")
    other = tmp_path / "other"
    other.mkdir()
    (other / "crash.log").symlink_to(tmp_path / "elsewhere")
    assert Session(run=other).tell(ValueError("x")) == 70
    assert not (tmp_path / "elsewhere").exists()
