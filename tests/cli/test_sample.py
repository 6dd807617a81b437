"""What `ganlab sample` writes: the samples, all of them, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab.assemble.sampling import conditions, great_circles
from ganlab.cli import main
from ganlab.errors import DataError, RecipeError
from ganlab.interfaces.random import Random
from ganlab.interfaces.task import Task
from ganlab.values import Batch, Field, Given, Networks, Sample, Views
from tests.cli.conftest import Ask

DIGITS = """
budget_rounds = 2
batch_size = 16
task = {name = "class-conditional", latent_size = 4}
dataset = {name = "digits"}
loss = {name = "hinge"}
[players.generator]
architecture = {name = "mlp", width = 8, depth = 1}
[players.image]
architecture = {name = "mlp", width = 8, depth = 1}
[watch]
reporters = []
"""


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that makes digits of a class, badly."""
    folder = tmp_path_factory.mktemp("digits")
    (folder / "digits.toml").write_text(DIGITS)
    assert main(["run", str(folder / "digits.toml"), "--name", "digits", "--runs", str(folder)]) == 0
    return folder / "digits"


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def test_an_npz_holds_the_samples_as_float32(here: Path, ask: Ask, digits: Path) -> None:
    assert ask("sample", digits, "--out", "x.npz", "--count", 12).status == 0
    found = arrays(here / "x.npz")
    assert found["samples"].shape == (12, 1, 16, 16)
    assert found["samples"].dtype == np.float32
    assert np.abs(found["samples"]).max() <= 1
    assert found["label"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert [path.name for path in here.iterdir() if path.suffix != ".toml"] == ["x.npz"]


def test_a_sample_is_the_same_however_many_are_made(here: Path, ask: Ask, played: Path) -> None:
    for name, count, seed in (("few", 3, 7), ("many", 700, 7), ("other", 3, 8)):
        assert (
            ask("sample", "first", "--runs", played, "--out", f"{name}.npz", "--count", count, "--seed", seed).status
            == 0
        )
    few, many, other = (arrays(here / f"{name}.npz")["samples"] for name in ("few", "many", "other"))
    np.testing.assert_allclose(few, many[:3], rtol=0, atol=1e-6)
    assert len(np.unique(many, axis=0)) == 700
    assert np.abs(few - other).max() > 1e-3


def test_a_class_is_given_by_number_or_by_name(here: Path, ask: Ask, digits: Path) -> None:
    assert ask("sample", digits, "--out", "x.npz", "--class", 3, "--count", 5).status == 0
    assert arrays(here / "x.npz")["label"].tolist() == [3] * 5
    answer = ask("sample", digits, "--out", "y.npz", "--class", 10)
    assert answer.status == 2
    assert "no class" in answer.err


def test_a_run_without_classes_says_so(here: Path, ask: Ask, played: Path) -> None:
    answer = ask("sample", played / "first", "--out", "x.npz", "--class", 3)
    assert answer.status == 2
    assert "knows no classes" in answer.err


def test_a_folder_gets_one_png_per_sample(here: Path, ask: Ask, digits: Path) -> None:
    assert ask("sample", digits, "--out", "x/", "--count", 3).status == 0
    assert ask("sample", digits, "--out", "x.npz", "--count", 3).status == 0
    for number, sample in enumerate(arrays(here / "x.npz")["samples"]):
        picture = Image.open(here / "x" / f"{number:06d}.png")
        assert (picture.size, picture.mode) == ((16, 16), "L")
        back = np.asarray(picture, np.float32) / 127.5 - 1
        np.testing.assert_allclose(back, sample[0], atol=0.5 / 127.5 + 1e-6)
    assert len(list((here / "x").iterdir())) == 3


def test_a_journey_is_a_film_or_a_row_for_each_way(here: Path, ask: Ask, digits: Path) -> None:
    assert ask("sample", digits, "--out", "x.gif", "--interpolate", "--count", 3).status == 0
    film: Any = Image.open(here / "x.gif")
    assert film.n_frames > 16
    assert ask("sample", digits, "--out", "x.png", "--interpolate", "--count", 3).status == 0
    width, height = Image.open(here / "x.png").size
    assert width == pytest.approx(10 / 3 * height, rel=0.05)
    assert ask("sample", digits, "--out", "y.gif").status == 2


def test_a_journey_passes_its_stops(here: Path, ask: Ask, played: Path) -> None:
    run = ["sample", "first", "--runs", played]
    assert ask(*run, "--out", "stops.npz", "--count", 3).status == 0
    assert ask(*run, "--out", "way.npz", "--count", 3, "--interpolate").status == 0
    stops, way = (arrays(here / f"{name}.npz")["samples"] for name in ("stops", "way"))
    assert len(way) == 48
    np.testing.assert_allclose(way[::16], stops, atol=1e-6)


def test_points_are_drawn_and_are_no_files(here: Path, ask: Ask, played: Path) -> None:
    assert ask("sample", played / "first", "--out", "x.png").status == 0
    answer = ask("sample", played / "first", "--out", "x/")
    assert answer.status == 2
    assert ".npz" in answer.err
    assert not (here / "x").exists()


def test_great_circles_keep_the_length_of_what_has_one_length() -> None:
    here, there = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    half = great_circles(here, there, torch.tensor([0.0, 0.5, 1.0]))
    root = 0.5**0.5
    torch.testing.assert_close(half, torch.tensor([[[1.0, 0.0], [root, root], [0.0, 1.0]]]))


def test_opposite_and_equal_points_are_joined_by_a_straight_line() -> None:
    here = torch.tensor([[2.0], [2.0]])
    there = torch.tensor([[-2.0], [2.0]])
    middle = great_circles(here, there, torch.tensor([0.5]))
    torch.testing.assert_close(middle, torch.tensor([[[0.0]], [[2.0]]]))


class Translation(Task):
    """A toy: pictures from pictures, in one dataset or two."""

    conditions = ("source",)

    def draw(self, batch: Batch, random: Random) -> Given:
        return dict(batch)

    def generate(self, networks: Networks, given: Given) -> Sample:
        return given

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {}


def test_a_condition_of_one_s_own_is_repeated_as_often_as_it_is_needed() -> None:
    task = Translation({"source": Field("image", (1, 2, 2))})
    rows = np.arange(8, dtype=np.float64).reshape(2, 1, 2, 2)
    batch = conditions(task, 3, {"source": rows}, None, default=64)
    assert batch.size == 3
    assert batch["source"].dtype == torch.float32
    assert batch["source"][:, 0, 0, 0].tolist() == [0.0, 4.0, 0.0]
    assert conditions(task, None, {"source": rows}, None, default=64).size == 2


def test_a_condition_that_is_a_dataset_becomes_a_batch() -> None:
    task = Translation({"source": {"image": Field("image", (1, 2, 2))}})
    batch = conditions(task, None, {"source": np.zeros((2, 1, 2, 2))}, None, default=64)
    assert batch["source"]["image"].shape == (2, 1, 2, 2)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({}, RecipeError, "--given FILE.npz"),
        ({"sauce": np.zeros((1, 1, 2, 2))}, RecipeError, "Did you mean 'source'?"),
        ({"source": np.zeros((1, 2, 2))}, DataError, "shape"),
        ({"source": np.zeros((0, 1, 2, 2))}, DataError, "no rows"),
        ({"source": np.full((1, 1, 2, 2), np.nan)}, DataError, "not finite"),
    ],
)
def test_a_condition_that_does_not_fit_is_refused(given: dict[str, Any], kind: type[Exception], said: str) -> None:
    task = Translation({"source": Field("image", (1, 2, 2))})
    with pytest.raises(kind, match=said.replace("?", r"\?")):
        conditions(task, None, given, None, default=64)


def test_labels_beyond_the_classes_are_refused() -> None:
    task = Translation({"source": Field("category", (), 3, ("red", "green", "blue"))})
    assert conditions(task, 2, {}, "blue", default=64)["source"].tolist() == [2, 2]
    assert conditions(task, 4, {}, None, default=64)["source"].tolist() == [0, 1, 2, 0]
    with pytest.raises(RecipeError, match="Did you mean 'green'"):
        conditions(task, 2, {}, "grene", default=64)
    with pytest.raises(DataError, match="beyond 0 to 2"):
        conditions(task, None, {"source": np.array([3])}, None, default=64)


def test_a_file_of_pickles_is_not_opened(here: Path, ask: Ask, played: Path) -> None:
    np.savez(here / "given.npz", source=np.array([{}], dtype=object))
    answer = ask("sample", played / "first", "--out", "x.npz", "--given", "given.npz")
    assert answer.status == 3
    assert "plain arrays" in answer.err
