"""What lies at a path: ours are asked first, strangers if ours find nothing; broken ones are passed over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganlab import Field, ReadOptions
from ganlab.plugins import Plugins

ANSWER = """
import pathlib

import ganlab

@ganlab.hookimpl
def ganlab_check_data(path):
    pathlib.Path({mark!r}).touch()
    if path.suffix == ".shards":
        return ganlab.DataReport("shards", 12, dataset={{"name": "shards", "path": str(path)}})
"""


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Something that none of ours knows."""
    path = tmp_path / "data.shards"
    path.touch()
    return path


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """Is there when the stranger was asked."""
    return tmp_path / "asked"


@pytest.fixture
def a_stranger(install: Callable[..., None], mark: Path) -> None:
    install(ANSWER.format(mark=str(mark)))


def test_a_stranger_answers_for_its_own_format(shards: Path, a_stranger: None) -> None:
    report = Plugins().check_data(shards)
    assert report is not None
    assert (report.kind, report.samples, report.refusals) == ("shards", 12, ())


def test_nobody_answers_for_what_nobody_knows(tmp_path: Path, a_stranger: None) -> None:
    (tmp_path / "notes.txt").touch()
    assert Plugins().check_data(tmp_path / "notes.txt") is None


def test_a_stranger_is_not_asked_about_what_ours_can_use(tmp_path: Path, a_stranger: None, mark: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for shade in range(3):
        Image.new("L", (4, 4), shade).save(folder / f"{shade}.png")
    report = Plugins().check_data(folder)
    assert report is not None
    assert report.samples == 3
    assert not mark.exists()


def test_a_stranger_may_know_a_folder_in_which_ours_find_nothing(tmp_path: Path, a_stranger: None) -> None:
    folder = tmp_path / "folder.shards"
    folder.mkdir()
    report = Plugins().check_data(folder)
    assert report is not None
    assert report.kind == "shards"
    other = tmp_path / "folder"
    other.mkdir()
    report = Plugins().check_data(other)
    assert report is not None
    assert "no picture in" in report.refusals[0]


BROKEN = {
    "raises": ("raise RuntimeError('no licence')", "ganlab_check_data raised RuntimeError: no licence"),
    "exits": ("raise SystemExit(3)", "ganlab_check_data raised SystemExit: 3"),
    "another type": ("return 42", "ganlab_check_data returned a int, expected a ganlab.DataReport or None"),
    "a report by hand": ("return {'kind': 'shards'}", "returned a dict, expected a ganlab.DataReport"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_plugin_that_fails_is_told_of_and_passed_over(
    kind: str, shards: Path, install: Callable[..., None], mark: Path
) -> None:
    body, words = BROKEN[kind]
    install(
        f"import ganlab\n@ganlab.hookimpl\ndef ganlab_check_data(path):\n    print('noise')\n    {body}",
        plugin="a-broken-one",
        distribution="broken-package",
    )
    install(ANSWER.format(mark=str(mark)))
    told: list[str] = []
    plugins = Plugins(report=told.append)
    report = plugins.check_data(shards)
    assert report is not None
    assert report.samples == 12
    (line,) = told
    assert line.startswith("plugin 'a-broken-one' (broken-package 1.0): ")
    assert words in line
    assert line.endswith("; it is passed over")
    assert words in plugins.state("a-broken-one").error


def test_a_plugin_that_cannot_be_imported_is_told_of_and_passed_over(
    shards: Path, install: Callable[..., None], mark: Path
) -> None:
    install("import a_package_nobody_has", plugin="a-broken-one", distribution="broken-package")
    install(ANSWER.format(mark=str(mark)))
    told: list[str] = []
    report = Plugins(report=told.append).check_data(shards)
    assert report is not None
    assert "No module named 'a_package_nobody_has'; it is passed over" in told[0]


def test_a_plugin_may_leave_the_path_out(shards: Path, install: Callable[..., None]) -> None:
    install("import ganlab\n@ganlab.hookimpl\ndef ganlab_check_data(): return ganlab.DataReport('anything', 1)")
    report = Plugins().check_data(shards)
    assert report is not None
    assert report.kind == "anything"


def test_the_question_has_one_answer() -> None:
    from ganlab import hookspecs

    assert hookspecs.ganlab_check_data.ganlab_spec["firstresult"] is True  # type: ignore[attr-defined]


LOG = """
import ganlab

@ganlab.hookimpl
def ganlab_read_run(path, options):
    if path.suffix == ".diary":
        points = [ganlab.SeriesPoint(1.0, options.kimg_per_step or 0.0), ganlab.SeriesPoint(2.0, 5.0)]
        return ganlab.ForeignRun(str(path), "a diary", "step", {"fid": points})
"""


def test_a_stranger_reads_the_logs_of_its_own_format(tmp_path: Path, install: Callable[..., None]) -> None:
    install(LOG)
    path = tmp_path / "run.diary"
    path.touch()
    run = Plugins().read_run(path, ReadOptions(kimg_per_step=0.5))
    assert run is not None
    assert (run.kind, [point.value for point in run.series["fid"]]) == ("a diary", [0.5, 5.0])
    (tmp_path / "run.txt").write_text("nothing")
    assert Plugins().read_run(tmp_path / "run.txt", ReadOptions()) is None


def test_a_stranger_whose_reader_fails_is_told_of_and_passed_over(tmp_path: Path, install: Callable[..., None]) -> None:
    install(
        "import ganlab\n@ganlab.hookimpl\ndef ganlab_read_run(path):\n    return {'fid': [1]}",
        plugin="a-broken-one",
        distribution="broken-package",
    )
    install(LOG)
    path = tmp_path / "run.diary"
    path.touch()
    told: list[str] = []
    run = Plugins(report=told.append).read_run(path, ReadOptions())
    assert run is not None
    assert run.kind == "a diary"
    assert "ganlab_read_run returned a dict, expected a ganlab.ForeignRun or None; it is passed over" in told[0]


FILES = """
import ganlab
import torch

def write(path, levels):
    path.write_text(str(tuple(levels.shape)))

@ganlab.hookimpl
def ganlab_read_given(path, field):
    if path.suffix == ".flip" and field.kind == "video":
        return ganlab.GivenFile(torch.zeros(5, *field.shape[1:]), notes=("without its sound",))

@ganlab.hookimpl
def ganlab_find_writer(ending, kind):
    if (ending, kind) == (".flip", "video"):
        return ganlab.SampleWriter(write)
"""


def test_a_stranger_reads_and_writes_the_clips_of_its_own_format(tmp_path: Path, install: Callable[..., None]) -> None:
    install(FILES)
    plugins, field = Plugins(), Field("video", (2, 3, 4, 4))
    read = plugins.read_given(tmp_path / "a.flip", field)
    assert read is not None
    assert read.data is not None
    assert (read.data.shape, read.notes) == ((5, 3, 4, 4), ("without its sound",))
    assert plugins.read_given(tmp_path / "a.flip", Field("image", (3, 4, 4))) is None
    writer = plugins.find_writer(".flip", "video")
    assert writer is not None
    writer.write(tmp_path / "b.flip", read.data)
    assert (tmp_path / "b.flip").read_text() == "(5, 3, 4, 4)"
    assert plugins.find_writer(".flip", "image") is None


def test_a_stranger_is_not_asked_for_what_ours_read_and_write(
    tmp_path: Path, install: Callable[..., None], mark: Path
) -> None:
    install(ANSWER.format(mark=str(mark)).replace("check_data(path)", "find_writer(ending)").split("    if")[0])
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    plugins = Plugins()
    assert plugins.read_given(tmp_path / "a.png", Field("image", (1, 4, 4))) is not None
    assert plugins.find_writer(".png", "image") is not None
    assert not mark.exists()
