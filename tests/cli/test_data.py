"""`ganlab data check`, and what `ganlab run` says of data it cannot use."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganlab.plugins import Plugins
from tests.builtin.datasets import image_fuzz
from tests.cli.conftest import Answer, Ask

PHOTOS = """
budget_rounds = 4
batch_size = 4
task = {name = "unconditional", latent_size = 4}
dataset = {name = "image-folder", path = "photos"}
loss = {name = "non-saturating"}
[players.generator]
architecture = {name = "dcgan", width = 4}
optimizer = {name = "adam", lr = 1e-3}
[players.image]
architecture = {name = "dcgan", width = 4}
optimizer = {name = "adam", lr = 1e-3}
[watch]
reporters = [{name = "jsonl"}]
"""


@pytest.fixture
def photos(here: Path) -> Path:
    """Twenty pictures of 16 x 16 in two sub-folders, and a recipe that trains on them."""
    (here / "photos.toml").write_text(PHOTOS)
    dice = np.random.default_rng(0)
    for number in range(20):
        path = here / f"photos/{('cat', 'dog')[number % 2]}/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dice.integers(0, 256, (16, 16, 3), np.uint8)).save(path)
    return here / "photos"


def made(dataset: dict[str, Any]) -> Any:
    """The dataset those options make."""
    options = dict(dataset)
    return Plugins().find("datasets", options.pop("name")).create(**options)


def recipe_of(answer: Answer) -> dict[str, Any]:
    """The last line but that of a preview, as a recipe would read it."""
    (line,) = (each for each in answer.out.splitlines() if each.startswith("dataset = "))
    table: dict[str, Any] = tomllib.loads(line)["dataset"]
    return table


def test_a_good_folder_is_described(photos: Path, ask: Ask) -> None:
    answer = ask("data", "check", "photos")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "photos: a folder of pictures",
        "  samples     20, 2 of them held out from training",
        "  sizes       16 x 16 (20)",
        "  channels    colour (20)",
        "  classes     cat (10), dog (10)",
        'dataset = { name = "image-folder", path = "photos" }',
    ]
    assert len(made(recipe_of(answer)).train) == 18


def test_everything_is_counted(photos: Path, ask: Ask) -> None:
    shutil.copy(photos / "cat/0.png", photos / "dog/copy.png")
    Image.new("P", (16, 16), 3).save(photos / "cat/palette.png")
    Image.new("I;16", (16, 16), 3000).save(photos / "cat/deep.tif")
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.new("RGB", (16, 16), "red").save(photos / "dog/turned.jpg", exif=exif)
    Image.new("L", (16, 16)).save(photos / "dog/film.gif", save_all=True, append_images=[Image.new("L", (16, 16), 9)])
    (photos / "dog/.hidden.png").touch()
    (photos / "dog/link").symlink_to("/")
    (photos / "notes.txt").write_text("notes")
    answer = ask("data", "check", "photos", "--json")
    assert answer.status == 0
    told = answer.json()
    assert told["usable"]
    assert told["samples"] == 25
    assert told["channels"] == {"colour": 24, "grey": 1}
    assert told["conversions"] == {
        "palette": 2,
        "scaled to 8 bits": 1,
        "turned as EXIF says": 1,
        "first frame of an animation": 1,
    }
    assert told["classes"] == {"cat": 12, "dog": 13}
    assert told["duplicates"] == [["cat/0.png", "dog/copy.png"]]
    assert told["passed_over"] == {"hidden": 1, "other files": 1, "symbolic links": 1}
    assert "  copies      1: cat/0.png = dog/copy.png" in ask("data", "check", "photos").out.splitlines()


def test_what_run_would_refuse_ends_with_three_and_a_line_for_each_reason(photos: Path, ask: Ask) -> None:
    (photos / "cat/cut.png").write_bytes((photos / "cat/0.png").read_bytes()[:300])
    (photos / "cat/text.png").write_text("no picture")
    os.mkfifo(photos / "dog/pipe.png")
    Image.new("RGB", (40, 20)).save(photos / "dog/wide.png")
    answer = ask("data", "check", "photos")
    assert answer.status == 3
    assert "1 truncated or damaged: cat/cut.png" in answer.out
    assert len(answer.problems) == 4
    assert all(line.startswith("ganlab: error[E-DATA]: ") for line in answer.problems)
    assert (
        "1 truncated or damaged (cat/cut.png) in 'photos' cannot be used; remove them or set max_bad = 3" in answer.err
    )
    assert "not all of one size (height x width): 16 x 16 (20), 20 x 40 (1); set size" in answer.err
    options = recipe_of(answer)
    assert options == {"name": "image-folder", "path": "photos", "size": 16, "resize": "crop", "max_bad": 3}
    dataset = made(options)
    assert len(dataset.train) + len(dataset.held_out) == 21
    assert ask("run", "photos.toml", "--set", f"dataset={recipe_line(answer)}").status == 0


def recipe_line(answer: Answer) -> str:
    """The table after `dataset = `."""
    return next(each for each in answer.out.splitlines() if each.startswith("dataset = ")).partition(" = ")[2]


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_pictures_are_proposed_as_grey(here: Path, ask: Ask, mode: str) -> None:
    (here / "grey").mkdir()
    for shade in range(4):
        Image.new(mode, (8, 8), {"L": shade, "1": shade % 2, "LA": (shade, 99)}[mode]).save(here / f"grey/{shade}.png")
    answer = ask("data", "check", "grey")
    assert recipe_of(answer).get("channels") == (None if mode == "LA" else 1)
    assert made(recipe_of(answer)).fields["image"].shape[0] == (3 if mode == "LA" else 1)


def test_pairs_are_told_from_single_pictures(here: Path, ask: Ask) -> None:
    for shade in range(4):
        for side in "AB":
            (here / "pairs" / side).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (shade, ord(side), 0)).save(here / f"pairs/{side}/{shade}.png")
    answer = ask("data", "check", "pairs", "--preview", "sheet.png")
    assert answer.status == 0
    assert answer.out.startswith("pairs: a folder of pairs of pictures, A and B\n  samples     4, 1 of them held out")
    assert recipe_of(answer) == {"name": "paired-folder", "path": "pairs"}
    assert Image.open(here / "sheet.png").width > 16
    (here / "pairs/B/3.png").unlink()
    answer = ask("data", "check", "pairs")
    assert answer.status == 3
    assert "1 without a partner in B (A/3.png)" in answer.problems[0]
    assert made(recipe_of(answer)).fields["source"].shape == (3, 8, 8)


def test_pictures_twice_as_wide_as_high_may_be_pairs(here: Path, ask: Ask) -> None:
    (here / "wide").mkdir()
    for shade in range(4):
        Image.new("RGB", (16, 8), (shade, 0, 0)).save(here / f"wide/{shade}.png")
    assert "for pairs side by side say name = 'paired-folder'" in ask("data", "check", "wide").out


def test_data_alone_says_what_is_missing(ask: Ask) -> None:
    answer = ask("data")
    assert answer.status == 2
    (line,) = answer.problems
    assert line == "ganlab: error[E-USAGE]: Say at which data: ganlab data check PATH. See 'ganlab data --help'."


def test_pictures_without_an_ending_are_told(photos: Path, ask: Ask) -> None:
    (photos / "cat/0.png").rename(photos / "cat/0")
    (photos / "dog/1.png").rename(photos / "dog/1.txt")
    assert "2 files are taken for pictures by their first bytes" in ask("data", "check", "photos").out


def test_arrays_are_described_and_their_labels_found(here: Path, ask: Ask) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    images[7] = images[3]
    np.savez(here / "one.npz", images)
    answer = ask("data", "check", "one.npz", "--preview", "sheet.png")
    assert answer.status == 0
    assert answer.out.splitlines()[1:5] == [
        "  samples     40, 4 of them held out from training",
        "  sizes       8 x 8 (40)",
        "  channels    colour (40)",
        "  copies      1: 3 = 7",
    ]
    assert (here / "sheet.png").exists()
    np.savez(here / "two.npz", x=images, y=np.arange(40) % 2)
    answer = ask("data", "check", "two.npz")
    assert answer.status == 3
    assert "holds 2 arrays (x, y); set array" in answer.problems[0]
    assert recipe_of(answer) == {"name": "npz", "path": "two.npz", "array": "x", "labels": "y"}
    assert "  classes     0 (20), 1 (20)" in answer.out
    assert made(recipe_of(answer)).fields["label"].cardinality == 2
    np.savez(here / "real.npz", (images / 255).astype(np.float32))
    answer = ask("data", "check", "real.npz")
    assert "black and white are unknown" in answer.problems[0]
    assert recipe_of(answer)["value_range"] == [0, 1]
    assert len(made(recipe_of(answer)).train) == 36


def test_points_are_arrays_too(here: Path, ask: Ask) -> None:
    np.savez(here / "points.npz", np.random.default_rng(0).normal(size=(50, 2)))
    answer = ask("data", "check", "points.npz", "--preview", "sheet.png")
    assert "  sizes       points of 2 numbers (50)" in answer.out.splitlines()
    assert (answer.status, (here / "sheet.png").exists()) == (0, True)


def write_bad_arrays(here: Path) -> None:
    np.savez(here / "object.npz", np.array([{}], dtype=object))
    np.savez(here / "nan.npz", np.full((20, 2), np.nan))
    np.savez(here / "few.npz", np.zeros((2, 2)))
    np.savez(here / "empty.npz", np.zeros((0, 4, 4), np.uint8))
    np.savez(here / "nothing.npz")
    (here / "text.npz").write_text("no archive")
    os.mkfifo(here / "pipe.npz")
    (here / "folder.npz").mkdir()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("object", "pickled objects"),
        ("nan", "NaN or infinite"),
        ("few", "too few to hold out"),
        ("empty", "has the shape (0, 4, 4)"),
        ("nothing", "holds no array"),
        ("text", "is not an .npz file"),
        ("pipe", "is not a regular file"),
        ("folder", "no picture in"),
    ],
)
def test_arrays_that_cannot_be_used_are_one_line(here: Path, ask: Ask, name: str, words: str) -> None:
    write_bad_arrays(here)
    answer = ask("data", "check", f"{name}.npz")
    assert answer.status == 3
    (line,) = answer.problems
    assert words in line


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "does not exist"),
        ("x" * 5000, "does not exist"),
        ("photos.toml", "no plugin knows what 'photos.toml' is"),
        ("photos/cat/0.png", "no plugin knows"),
        ("/dev/null", "no plugin knows"),
        ("pipe", "no plugin knows"),
        ("dangling", "no plugin knows"),
        ("empty", "found nothing in 1 folder"),
        ("hidden", "found 1 hidden in 1 folder"),
    ],
)
def test_a_path_where_there_is_nothing_to_use(photos: Path, ask: Ask, path: str, words: str) -> None:
    os.mkfifo("pipe")
    Path("dangling").symlink_to("nothing")
    Path("empty").mkdir()
    Path("hidden").mkdir()
    Path("hidden/.picture.png").touch()
    answer = ask("data", "check", path)
    assert answer.status == 3
    (line,) = answer.problems
    assert words in line


@pytest.mark.parametrize(
    ("preview", "status", "words"),
    [
        ("sheet.jpg", 2, "a preview is a .png"),
        ("photos.toml", 2, "a preview is a .png"),
        ("there.png", 2, "is there already, and nothing is overwritten"),
        ("nowhere/sheet.png", 2, "there is no folder 'nowhere'"),
    ],
)
def test_a_preview_takes_the_place_of_nothing(photos: Path, ask: Ask, preview: str, status: int, words: str) -> None:
    Path("there.png").write_text("mine")
    answer = ask("data", "check", "photos", "--preview", preview)
    assert (answer.status, answer.out) == (status, "")
    assert words in answer.err
    assert "--preview" in answer.err
    assert Path("there.png").read_text() == "mine"


def test_a_preview_shows_samples_even_of_data_that_are_refused(photos: Path, ask: Ask) -> None:
    (photos / "cat/text.png").write_text("no picture")
    Image.new("RGB", (3000, 20)).save(photos / "dog/wide.png")
    answer = ask("data", "check", "photos", "--preview", "sheet.png")
    assert answer.status == 3
    assert "sheet.png: 21 of 21 samples" in answer.out
    image = Image.open("sheet.png")
    assert image.size == (5 * 130 - 2, 5 * 130 - 2)
    shutil.rmtree(photos / "cat")
    shutil.rmtree(photos / "dog")
    assert "other.png: not written" in ask("data", "check", "photos", "--preview", "other.png").out


def test_names_cannot_do_anything_to_a_terminal(photos: Path, ask: Ask) -> None:
    for name in (b"\x1b[2J.png", b"new\nline.png", b"\xff.png", "\u202egnp.png".encode()):
        (photos / os.fsdecode(name)).write_text("no picture")
    answer = ask("data", "check", "photos")
    assert answer.status == 3
    (line,) = answer.problems
    assert r"(\x1b[2J.png, new\nline.png, \u202egnp.png and 1 more)" in line
    assert not set("\x1b\u202e\udcff") & set(answer.out + answer.err)
    (names,) = json.loads(ask("data", "check", "photos", "--json").out)["problems"].values()
    assert sorted(names)[0] == "\x1b[2J.png"


def test_a_folder_that_is_not_named_in_utf8_cannot_be_in_a_recipe(photos: Path, ask: Ask) -> None:
    os.rename(photos, os.fsencode(photos.parent) + b"/\xff")
    answer = ask("data", "check", os.fsdecode(b"\xff"))
    assert answer.status == 0
    assert answer.out.splitlines()[-1] == "no recipe can name a path that is not UTF-8; rename it"


@pytest.mark.filterwarnings("ignore")
def test_a_folder_of_spoilt_pictures_is_described(here: Path, ask: Ask) -> None:
    (here / "spoilt").mkdir()
    for number, data in enumerate(image_fuzz.cases(11, 300)):
        (here / f"spoilt/{number}.png").write_bytes(data)
    answer = ask("data", "check", "spoilt", "--preview", "sheet.png")
    assert answer.status == 3
    assert all(line.startswith("ganlab: error[E-DATA]: ") for line in answer.problems)
    assert (here / "sheet.png").exists()
    assert len(made(recipe_of(answer)).train) > 30
    told = ask("data", "check", "spoilt", "--json").json()
    assert told["samples"] + sum(map(len, told["problems"].values())) == 300


def test_a_path_that_is_not_there_is_answered_before_anything_is_loaded(here: Path) -> None:
    code = (
        "import sys; from ganlab.cli import main; status = main(['data', 'check', 'nowhere']);"
        "print(status, [each for each in ('torch', 'numpy', 'PIL') if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "3 []\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_signal_ends_a_check_at_once(here: Path, number: signal.Signals, status: int) -> None:
    (here / "many").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), np.uint8)
    Image.fromarray(noise).save(here / "many/0.png", compress_level=1)
    for copy in range(1, 5000):  # minutes of work
        os.link(here / "many/0.png", here / f"many/{copy}.png")
    child = subprocess.Popen(
        [sys.executable, "-m", "ganlab", "data", "check", "many"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    threads = Path(f"/proc/{child.pid}/task")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(named(each) for each in threads.iterdir()):
        time.sleep(0.05)
    time.sleep(0.5)
    child.send_signal(number)
    began = time.monotonic()
    out, err = child.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert (child.returncode, out) == (status, "")
    assert err.split() == ["ganlab:", "interrupted" if number == signal.SIGINT else "terminated"]


def named(thread: Path) -> bool:
    """Whether it is one that looks at files: it has decoded for a tenth of a second."""
    try:
        return thread.name != str(thread.parents[1].name) and int((thread / "stat").read_text().split()[13]) > 10
    except OSError:
        return False


def test_a_run_on_a_bad_picture_ends_before_it_begins(photos: Path, ask: Ask, here: Path) -> None:
    (photos / "cat/cut.png").write_bytes((photos / "cat/0.png").read_bytes()[:300])
    answer = ask("run", "photos.toml", "--name", "x")
    assert answer.status == 3
    (line,) = answer.problems
    assert "1 of 21 samples in 'photos' cannot be used: 1 truncated or damaged (cat/cut.png)" in line
    assert "remove them or set max_bad = 1" in line
    assert not (here / "runs/x").exists()
    answer = ask("run", "photos.toml", "--name", "x", "--set", "dataset.max_bad=1")
    assert answer.status == 0
    assert "ganlab: warning: in 'photos' 1 samples are left out" in answer.err


@pytest.mark.parametrize("how", ["vanishes", "changes"])
def test_a_picture_that_goes_while_a_run_is_going_on_ends_it_in_one_line(
    photos: Path, ask: Ask, here: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ganlab.assemble.runs as runs

    before = runs.train

    def train(*arguments: Any, **options: Any) -> Any:
        for path in photos.rglob("*.png"):
            path.unlink() if how == "vanishes" else path.write_bytes(path.read_bytes()[:-1] + b"x")
        return before(*arguments, **options)

    monkeypatch.setattr(runs, "train", train)
    answer = ask("run", "photos.toml", "--name", "x", "--set", "dataset.memory_mib=0")
    assert answer.status == 3
    assert answer.problems[-1].startswith("ganlab: error[E-DATA]: ")
    words = "was usable when the run began and is now unreadable" if how == "vanishes" else "has changed since the run"
    assert words in answer.problems[-1]
    assert "Traceback" not in answer.err


def test_folders_that_are_not_named_in_utf8_are_labels(photos: Path, ask: Ask, here: Path) -> None:
    os.rename(photos / "cat", os.fsencode(photos) + b"/\xff\xfe")
    os.rename(photos / "dog", os.fsencode(photos) + b"/new\nline")
    recipe = ["photos.toml", "--set", "task.name=class-conditional", "--name", "x"]
    assert ask("run", *recipe).status == 0
    assert ask("sample", "x", "--out", "sheet.png").status == 0
    assert r"\udcff\udcfe (10)" in ask("data", "check", "photos").out


def test_a_second_run_knows_the_folder(photos: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from ganlab.builtin.datasets import scanning

    assert ask("data", "check", "photos").status == 0
    opened, real = [], scanning.open_picture
    monkeypatch.setattr(scanning, "open_picture", lambda data: opened.append(1) or real(data))
    assert ask("data", "check", "photos").status == 0
    assert ask("run", "photos.toml", "--set", "dataset.memory_mib=0").status == 0
    assert opened == []
