"""Sheets of samples: whole files, names that sort, and no disk that ends a run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab import Picture, Progress, RunInfo, Tick
from ganlab.builtin.reporters import ganlab_register_reporters
from ganlab.builtin.reporters.samples import Samples
from tests.disks import FullDisk, put_in

from .conftest import END, FAKE, REAL, progress, tick


def started(run: RunInfo, real: Picture | None = REAL) -> Samples:
    reporter = Samples()
    reporter.start(run, Progress(), real)
    return reporter


def test_three_reporters_are_registered():
    assert set(ganlab_register_reporters()) == {"jsonl", "samples", "tensorboard"}


def test_each_picture_is_a_file_named_by_what_it_shows_and_when(run: RunInfo):
    reporter = started(run)
    reporter.tick(tick(3, pictures=True))
    reporter.tick(tick(4))
    reporter.end(END)
    names = sorted(path.name for path in (run.directory / "samples").iterdir())
    assert names == ["fake-000000.300kimg.png", "fake-raw-000000.300kimg.png", "real.png"]
    assert np.asarray(Image.open(run.directory / "samples" / "real.png"))[0, 0].tolist() == [255, 255, 255]
    assert np.asarray(Image.open(run.directory / "samples" / names[0]))[0, 0].tolist() == [0, 0, 0]


def test_names_sort_by_time(run: RunInfo):
    reporter = started(run, None)
    for samples in (900, 20_000, 100_000, 25_000_000):
        reporter.tick(Tick(Progress(1, samples, 0.5), {}, pictures={"fake": REAL}))
    files = sorted((run.directory / "samples").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert files == sorted(files)
    assert len(files) == 4


def test_played_again_after_a_resume_the_same_files_are_there(run: RunInfo):
    started(run).tick(tick(3, pictures=True))
    before = {path.name: path.read_bytes() for path in (run.directory / "samples").iterdir()}
    reporter = Samples()
    reporter.start(run, progress(2), REAL)
    reporter.tick(tick(3, pictures=True))
    assert {path.name: path.read_bytes() for path in (run.directory / "samples").iterdir()} == before


def test_fake_points_are_drawn_over_the_real_ones(run: RunInfo):
    points = Picture("point", torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    reporter = started(run, points)
    reporter.tick(Tick(progress(1), {}, pictures={"fake": Picture("point", torch.zeros(1, 2))}))
    plot = np.asarray(Image.open(run.directory / "samples" / "fake-000000.100kimg.png"))
    assert plot[240, 240].tolist() != [255, 255, 255]
    assert plot[440, 40].tolist() != [255, 255, 255]


def test_a_kind_that_cannot_be_drawn_is_noted_once(run: RunInfo, caplog: pytest.LogCaptureFixture):
    reporter = started(run, None)
    for number in (1, 2):
        reporter.tick(Tick(progress(number), {}, pictures={"fake": Picture("volume", torch.zeros(1, 1, 2, 2, 2))}))
    assert len(caplog.records) == 1
    assert "volume" in caplog.text
    assert not (run.directory / "samples").exists()


def test_whoever_is_looking_at_a_sheet_sees_the_old_one_whole_while_it_is_replaced(run: RunInfo):
    started(run)
    with (run.directory / "samples" / "real.png").open("rb") as viewer:
        before = (run.directory / "samples" / "real.png").read_bytes()
        started(run, FAKE)
        assert viewer.read() == before
    assert (run.directory / "samples" / "real.png").read_bytes() != before


def test_a_sheet_cut_short_by_a_full_disk_leaves_the_one_that_was_there(run: RunInfo, monkeypatch: pytest.MonkeyPatch):
    started(run)
    before = (run.directory / "samples" / "real.png").read_bytes()

    put_in(monkeypatch, FullDisk())
    started(run)
    assert (run.directory / "samples" / "real.png").read_bytes() == before
    assert len(list((run.directory / "samples").iterdir())) == 1


def test_a_disk_that_refuses_does_not_end_the_run_and_leaves_no_half_file(
    run: RunInfo, caplog: pytest.LogCaptureFixture
):
    (run.directory / "samples").write_text("a file where the folder should be")
    reporter = started(run)
    reporter.tick(tick(1, pictures=True))
    reporter.tick(tick(2, pictures=True))
    assert len(caplog.records) == 1
