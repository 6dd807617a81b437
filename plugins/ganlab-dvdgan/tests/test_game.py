"""A game of clips through the command line: play, predict a clip of one's own, go on for longer than trained."""

import numpy as np
import pytest
import torch
from ganlab_dvdgan import ConvGru, NextFrames
from ganlab_dvdgan.films import ganlab_find_writer, ganlab_read_given, write_film
from PIL import Image

from ganlab import Field, GeneratorShapes, RecipeError
from ganlab.assemble.generator import lengthened
from ganlab.cli import main
from ganlab.plugins import Plugins
from ganlab.recipe import parse

SMALL = [
    "budget_kimg=0.032",
    "batch_size=16",
    "dataset.samples=32",
    "dataset.held_out=16",
    "players.generator.architecture.width=4",
    "players.frame.architecture.width=4",
    "players.motion.architecture.width=4",
    "watch.reporters=[]",
]


def played(folder, recipe, *settings):
    words = [word for each in (*SMALL, *settings) for word in ("--set", each)]
    assert main(["run", recipe, "--name", "run", "--runs", str(folder), *words]) == 0
    return str(folder / "run")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return played(tmp_path_factory.mktemp("runs"), "next-frames", "watch.diagnostics=[{name='prediction',count=8}]")


def gif(path, frames, side=16):
    pictures = [Image.new("RGB", (side, side), (40 * each, 0, 200)) for each in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])


def test_a_clip_of_ones_own_goes_on(run, tmp_path):
    (tmp_path / "in").mkdir()
    gif(tmp_path / "in/one.gif", 5)
    gif(tmp_path / "in/two.gif", 2, side=24)
    assert main(["sample", run, "--given", str(tmp_path / "in"), "--out", f"{tmp_path}/out/"]) == 0
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["one.gif", "two.gif"]
    with Image.open(tmp_path / "out/two.gif") as film:
        assert film.size == (24, 24)


def test_it_is_measured_gone_on_with_and_exported_like_any_other(run, tmp_path, capsys):
    assert main(["evaluate", run]) == 0
    assert "psnr/t+1/copy-last" in capsys.readouterr().out
    assert main(["export", run, "--out", str(tmp_path / "exported")]) == 0
    gif(tmp_path / "one.gif", 2)
    words = ["--given", str(tmp_path / "one.gif"), "--frames", "5", "--out", f"{tmp_path}/out/"]
    assert main(["sample", str(tmp_path / "exported"), *words]) == 0
    with Image.open(tmp_path / "out/one.gif") as film:
        assert film.n_frames == 5
    assert main(["resume", run, "--set", "budget_kimg=0.048"]) == 0


def test_it_goes_on_for_as_long_as_one_asks(run, tmp_path):
    gif(tmp_path / "one.gif", 2)
    npz = tmp_path / "given.npz"
    np.savez(npz, given=np.zeros((2, 2, 3, 16, 16), np.float32))
    for frames in (1, 7):
        out = tmp_path / f"{frames}.npz"
        assert main(["sample", run, "--given", str(npz), "--frames", str(frames), "--out", str(out)]) == 0
        with np.load(out) as made:
            assert made["samples"].shape == (2, frames, 3, 16, 16)


def test_the_first_frames_of_a_longer_clip_are_those_of_a_shorter_one():
    def network(frames):
        shapes = GeneratorShapes(
            {"given": Field("video", (2, 3, 16, 16))}, {"video": Field("video", (frames, 3, 16, 16))}
        )
        torch.manual_seed(0)
        return ConvGru(width=4, norm="group", moved=True).generator(shapes).eval()

    given = torch.rand(2, 2, 3, 16, 16)
    assert torch.allclose(network(9)(given)[:, :3], network(3)(given), atol=1e-5)


@pytest.mark.parametrize(("frames", "status"), [(1, 3), (0, 3)])
def test_a_clip_that_is_too_short_or_broken_is_told_in_a_line(run, tmp_path, capsys, frames, status):
    path = tmp_path / "short.gif"
    gif(path, max(frames, 1))
    if not frames:
        path.write_bytes(path.read_bytes()[:60])
    assert main(["sample", run, "--given", str(path), "--out", f"{tmp_path}/out/"]) == status
    assert len([line for line in capsys.readouterr().err.splitlines() if "error[" in line]) == 1


def test_a_game_that_has_no_length_to_choose_says_so():
    recipe = parse(
        {
            "budget_rounds": 1,
            "task": {"name": "unconditional"},
            "dataset": {"name": "digits"},
            "loss": {"name": "hinge"},
            "players": {"generator": {"architecture": {"name": "mlp"}}},
        }
    )
    with pytest.raises(RecipeError, match="length"):
        lengthened(recipe, Plugins(), 4)


def test_clips_are_made_from_nothing_but_noise(tmp_path):
    run = played(tmp_path, "moving-shapes", "dataset.frames=4", "watch.diagnostics=[]")
    assert main(["sample", run, "--count", "3", "--frames", "6", "--out", f"{tmp_path}/clips/"]) == 0
    with Image.open(tmp_path / "clips/000002.gif") as film:
        assert film.size == (16, 16)


def test_nothing_left_to_predict_is_refused():
    with pytest.raises(RecipeError, match="leaves nothing"):
        NextFrames({"video": Field("video", (4, 3, 16, 16))}, given=4)
    with pytest.raises(RecipeError, match="shrunk"):
        NextFrames({"video": Field("video", (4, 3, 16, 16))}, shrunk=3)


def test_a_film_is_written_and_read_back(tmp_path):
    pytest.importorskip("av")
    levels = torch.zeros(5, 3, 33, 32, dtype=torch.uint8)
    levels[:, 0] = 200
    path = tmp_path / "film.mp4"
    write_film(path, levels)
    field = Field("video", (2, 3, 16, 16))
    read = ganlab_read_given(path, field)
    assert read.data.shape == (5, 3, 34, 32)
    assert (read.data[:, 0].mean() - (200 / 127.5 - 1)).abs() < 0.03
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert ganlab_read_given(path, field).problem == "broken"
    assert ganlab_read_given(tmp_path / "film.gif", field) is None
    assert ganlab_find_writer(".mp4", "video") is not None
    assert ganlab_find_writer(".mp4", "image") is None


def test_a_run_writes_mp4(run, tmp_path):
    pytest.importorskip("av")
    gif(tmp_path / "one.gif", 2)
    assert main(["sample", run, "--given", str(tmp_path / "one.gif"), "--out", str(tmp_path / "one.mp4")]) == 0
    assert (tmp_path / "one.mp4").stat().st_size > 100
