"""`ganlab sample --given`: a user's own pictures come out under their own names, whatever their size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganlab.cli import main
from tests.cli.conftest import Ask

PAIRED = """
budget_rounds = 2
batch_size = 4
task = {name = "paired"}
dataset = {name = "photographs", size = 16, patches = 32, held_out = 8, pairs = "grey"}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "unet", width = 4, depth = 3, norm = "none"}
[players.target]
architecture = {name = "patch", width = 4, layers = 1}
[watch]
reporters = []
"""

UNPAIRED = """
budget_rounds = 2
batch_size = 4
task = {name = "unpaired"}
datasets.a = {name = "photographs", size = 16, patches = 32, held_out = 8, look = "grey"}
datasets.b = {name = "photographs", size = 16, patches = 32, held_out = 8}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "translator", width = 4, blocks = 1, norm = "none"}
[players.a]
architecture = {name = "patch", width = 4, layers = 1}
[players.b]
architecture = {name = "patch", width = 4, layers = 1}
[watch]
reporters = []
"""


@pytest.fixture(scope="module")
def translators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `paired` and `unpaired`, which colour grey pictures, badly."""
    folder = tmp_path_factory.mktemp("translators")
    for name, text in (("paired", PAIRED), ("unpaired", UNPAIRED)):
        (folder / f"{name}.toml").write_text(text)
        assert main(["run", str(folder / f"{name}.toml"), "--name", name, "--runs", str(folder)]) == 0
    return folder


def picture(path: Path, height: int, width: int, mode: str = "L") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width) if mode == "L" else (height, width, 3)
    Image.fromarray(np.random.default_rng(height).integers(0, 256, shape, np.uint8)).save(path)


def size(path: Path) -> tuple[tuple[int, int], str]:
    with Image.open(path) as image:
        return image.size, image.mode


def test_a_folder_becomes_a_folder_of_the_same_names(here: Path, ask: Ask, translators: Path) -> None:
    picture(here / "in/a.jpg", 16, 16)
    picture(here / "in/b.png", 21, 50)
    picture(here / "in/b.jpg", 3, 2, "RGB")
    picture(here / "in/deep/c.png", 16, 24)
    (here / "in/notes.txt").write_text("mine")
    answer = ask("sample", translators / "paired", "--given", "in", "--out", "out/")
    assert answer.status == 0, answer.err
    assert answer.out == "out/: 4 samples of run 'paired' at 0.008 kimg, seed 0\n"
    made = {str(path.relative_to(here / "out")): size(path) for path in (here / "out").rglob("*.png")}
    assert made == {
        "a.png": ((16, 16), "RGB"),
        "b.png": ((2, 3), "RGB"),
        "b.png.png": ((50, 21), "RGB"),
        "deep/c.png": ((24, 16), "RGB"),
    }
    assert "notes.txt" in answer.err


def test_one_file_becomes_one_file_of_any_name(here: Path, ask: Ask, translators: Path) -> None:
    picture(here / "a.png", 16, 16)
    assert ask("sample", translators / "paired", "--given", "a.png", "--out", "b.png").status == 0
    assert size(here / "b.png") == ((16, 16), "RGB")
    picture(here / "in/a.png", 16, 16)
    picture(here / "in/b.png", 16, 16)
    answer = ask("sample", translators / "paired", "--given", "in", "--out", "c.png")
    assert (answer.status, "say --out DIR/" in answer.err) == (2, True)
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "b.png", "in", "ring.toml"]


def test_a_picture_of_the_trained_size_comes_out_as_its_array_does(here: Path, ask: Ask, translators: Path) -> None:
    picture(here / "a.png", 16, 16)
    levels = np.asarray(Image.open(here / "a.png"), np.float32)
    np.savez(here / "a.npz", source=(levels / 127.5 - 1)[None, None])
    assert ask("sample", translators / "paired", "--given", "a.png", "--out", "b.png").status == 0
    assert ask("sample", translators / "paired", "--given", "a.npz", "--out", "b.npz", "--count", 1).status == 0
    with np.load(here / "b.npz") as file:
        expected = (file["samples"][0].transpose(1, 2, 0) + 1) * 127.5
    made = np.asarray(Image.open(here / "b.png"), np.float32)
    assert np.abs(made - expected).mean() < 8  # the noise of a row and of a file differ, the picture does not


def test_what_is_broken_is_told_in_a_line_and_the_others_are_written(here: Path, ask: Ask, translators: Path) -> None:
    picture(here / "in/a.png", 16, 16)
    picture(here / "in/c.png", 16, 16)
    (here / "in/b.png").write_bytes((here / "in/a.png").read_bytes()[:60])
    (here / "in/d.png").write_text("no picture")
    answer = ask("sample", translators / "paired", "--given", "in", "--out", "out/")
    assert answer.status == 3
    assert [line.split(": ", 1)[1] for line in answer.problems] == [
        "error[E-DATA]: --given: 'b.png' is truncated or damaged",
        "error[E-DATA]: --given: 'd.png' is not a PNG, JPEG, WEBP, BMP, GIF or TIFF picture",
    ]
    assert sorted(path.name for path in (here / "out").iterdir()) == ["a.png", "c.png"]


def test_nothing_that_can_be_used_leaves_nothing(here: Path, ask: Ask, translators: Path) -> None:
    (here / "in").mkdir()
    (here / "in/a.txt").touch()
    answer = ask("sample", translators / "paired", "--given", "in", "--out", "out/")
    assert answer.status == 3
    assert "in: holds nothing that can be read (image)" in answer.err
    assert not (here / "out").exists()
    answer = ask("sample", translators / "paired", "--given", "gone", "--out", "out/")
    assert (answer.status, "no such file" in answer.err) == (3, True)


def test_tiles_have_no_seams_where_the_network_sees_little(here: Path, ask: Ask, translators: Path) -> None:
    picture(here / "a.png", 96, 130)
    run = ["sample", translators / "unpaired", "--given", "a.png"]
    assert ask(*run, "--out", "whole.png").status == 0
    assert ask(*run, "--out", "tiled.png", "--tile", 88).status == 0
    whole, tiled = (np.asarray(Image.open(here / name), int) for name in ("whole.png", "tiled.png"))
    assert whole.shape == (96, 130, 3)
    assert np.abs(whole - tiled).max() <= 1


def test_either_kind_of_picture_is_turned_into_the_other(here: Path, ask: Ask, translators: Path) -> None:
    picture(here / "in/a.png", 16, 20, "RGB")
    assert ask("sample", translators / "unpaired", "--given", "in", "--out", "coloured/").status == 0
    assert ask("sample", translators / "unpaired", "--given", "b=in", "--out", "greyed/").status == 0
    assert size(here / "coloured/a.png") == ((20, 16), "RGB")
    assert size(here / "greyed/a.png") == ((20, 16), "L")
    answer = ask("sample", translators / "unpaired", "--given", "c=in", "--out", "out/")
    assert (answer.status, "There are: a, b" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--given", "a.png", "--out", "x/", "--count", 3], "leave --count"),
        (["--given", "a.png", "--out", "x/", "--interpolate"], "--interpolate out"),
        (["--out", "x/", "--tile", 64], "add --given"),
        (["--given", "a.png", "--out", "x.npz"], ".png or DIR/ would do"),
        (["--given", "a.png", "--out", "x.jpg"], "expected .png"),
    ],
)
def test_what_does_not_go_together_is_said(
    here: Path, ask: Ask, translators: Path, options: list[str], said: str
) -> None:
    picture(here / "a.png", 16, 16)
    answer = ask("sample", translators / "paired", *options)
    assert answer.status == 2
    assert said in answer.err
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "ring.toml"]


def test_a_run_that_is_given_no_pictures_says_so(here: Path, ask: Ask, played: Path) -> None:
    picture(here / "a.png", 16, 16)
    answer = ask("sample", played / "first", "--given", "a.png", "--out", "x/")
    assert (answer.status, "is given no pictures" in answer.err) == (2, True)
