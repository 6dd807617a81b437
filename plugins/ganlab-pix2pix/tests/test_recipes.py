"""The recipes resolve, and a small game of each is played, gone on with, sampled from and evaluated."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from ganlab_pix2pix import ganlab_register_recipes
from PIL import Image

from ganlab.cli import main

PATHS = ganlab_register_recipes()
SMALL = ["budget_kimg=0.004", "watch.tick_kimg=0.004", "players.generator.architecture.width=4", "watch.reporters=[]"]
LABELS = ["dataset.samples=60", "dataset.held_out=20", "players.target.architecture.width=4"]
BOTH = [f"datasets.{side}.{part}" for side in "ab" for part in ("samples=60", "held_out=20")]
JUDGES = [f"players.{side}.architecture.width=4" for side in "ab"]
WATCHED = ['watch.diagnostics=[{name="translation", count=16}]', 'watch.monitors=[{name="non-finite"}]']


def play(recipe, folder, *settings):
    command = ["run", recipe, "--runs", str(folder), "--name", "r"]
    for each in (*SMALL, *WATCHED, *settings):
        command += ["--set", each]
    assert main(command) == 0


def pictures(folder, names, size, seed=0):
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    for name in names:
        Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8)).save(folder / name)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_recipe_resolves_and_says_what_it_is(name):
    assert main(["recipe", "check", name]) == 0
    about = tomllib.loads(PATHS[name].read_text(encoding="utf-8"))["about"]
    assert f"    ganlab run {name}" in about
    assert "arXiv:" in about
    assert "CPU" in about


def test_a_game_is_played_gone_on_with_sampled_and_evaluated(tmp_path, capsys):
    play("labels-to-texture", tmp_path, *LABELS, "watch.reporters=[{name='jsonl'}, {name='samples'}]")
    run = str(tmp_path / "r")
    assert (tmp_path / "r" / "samples" / "real.png").exists()
    assert main(["resume", run, "--set", "budget_kimg=0.008"]) == 0
    pictures(tmp_path / "mine", ["a.png", "b.jpg"], (40, 70))
    assert main(["sample", run, "--given", str(tmp_path / "mine"), "--out", f"{tmp_path}/out/"]) == 0
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["a.png", "b.png"]
    with Image.open(tmp_path / "out" / "a.png") as made:
        assert made.size == (70, 40)
    capsys.readouterr()
    assert main(["evaluate", run, "--json"]) == 0
    assert "translation/read-back" in capsys.readouterr().out


def test_a_game_without_pairs_is_played_and_translates_either_way(tmp_path):
    play("labels-and-texture", tmp_path, *BOTH, *JUDGES)
    pictures(tmp_path / "mine", ["a.png"], (32, 32))
    for side in "ab":
        command = [
            "sample",
            str(tmp_path / "r"),
            "--given",
            f"{side}={tmp_path / 'mine'}",
            "--out",
            f"{tmp_path}/{side}/",
        ]
        assert main(command) == 0
        assert (tmp_path / side / "a.png").exists()


def test_the_paper_s_game_is_played_with_folders_of_one_s_own(tmp_path):
    for side in "AB":
        pictures(tmp_path / "data" / side, [f"{number}.png" for number in range(4)], (30, 30))
    play(
        "pix2pix-256",
        tmp_path,
        f"dataset.path={tmp_path / 'data'}",
        "dataset.held_out=0.5",
        "players.target.architecture.width=2",
    )
    assert main(["sample", str(tmp_path / "r"), "--given", f"{tmp_path}/data/A", "--out", f"{tmp_path}/out/"]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_pairs_without_partners_are_told_in_a_line(tmp_path, capsys):
    pictures(tmp_path / "data" / "A", ["1.png", "2.png"], (256, 256))
    pictures(tmp_path / "data" / "B", ["2.png", "3.png"], (256, 256))
    command = ["run", "pix2pix-256", "--runs", str(tmp_path), "--set", f"dataset.path={tmp_path / 'data'}"]
    assert main(command) == 3
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "error" in each]
    assert "without a partner in B (A/1.png)" in line
    assert "without a partner in A (B/3.png)" in line
    assert "max_bad = 2" in line


def test_sides_that_cannot_be_halved_are_told_before_the_first_round(tmp_path, capsys):
    pictures(tmp_path / "data", [f"{number}.png" for number in range(4)], (250, 500))
    command = ["run", "pix2pix-256", "--runs", str(tmp_path), "--set", f"dataset.path={tmp_path / 'data'}"]
    for each in ("dataset.size=250", "dataset.crop=250"):
        command += ["--set", each]
    assert main(command) == 2
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "error" in each]
    assert "sides must be multiples of 256" in line
    assert not any(Path(tmp_path).glob("pix2pix*"))
