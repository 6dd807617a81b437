"""The recipes are valid, and those of the paper can be played, made small."""

import pytest
from PIL import Image

from ganlab.cli import main

NAMES = ["next-frames", "moving-shapes", "dvd-gan", "dvd-gan-fp"]


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_what_ganlab_expects(name, capsys):
    assert main(["run", name, "--dry-run"]) == 0
    assert "arXiv:1907.06571" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES[2:])
def test_the_papers_games_are_played(name, tmp_path):
    for video in ("run/a", "run/b", "walk/c"):
        (tmp_path / "data" / video).mkdir(parents=True)
        for each in range(4):
            picture = Image.new("RGB", (16, 16), (60 * each, 0, len(video) * ord(video[-1]) % 255))
            picture.save(tmp_path / "data" / video / f"{each}.png")
    settings = [
        f"dataset.path={tmp_path / 'data'}",
        "dataset.size=16",
        "dataset.frames=4",
        "batch_size=2",
        "budget_rounds=1",
        "players.generator.architecture.width=4",
        "players.frame.architecture.width=4",
        "players.motion.architecture.width=4",
        "watch.diagnostics=[]",
        "watch.reporters=[]",
        *(["task.given=2"] if name == "dvd-gan-fp" else []),
    ]
    words = [word for each in settings for word in ("--set", each)]
    assert main(["run", name, "--name", "r", "--runs", str(tmp_path), *words]) == 0
