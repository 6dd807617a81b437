"""From a folder of photographs to enlarged pictures of one's own, by the commands a user types."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab.cli import main

SMALL = [
    "budget_rounds=4",
    "batch_size=4",
    "stages.pre-training.kimg=0.008",
    "stages.game.kimg=0.008",
    "players.generator.architecture.width=4",
    "players.generator.architecture.blocks=1",
    "players.image.architecture.width=4",
    "watch.tick_kimg=0.008",
    "watch.picture_count=2",
    "watch.diagnostics=[{name='restoration',count=2}]",
    "watch.reporters=[{name='jsonl'},{name='samples'}]",
    "dataset.name=image-folder",
    "dataset.crop=32",
]


@pytest.fixture
def ask(capsys):
    def asked(*words):
        status = main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out + said.err

    return asked


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for number in range(8):
        coarse = random.integers(0, 256, (9, 11, 3), np.uint8)
        Image.fromarray(coarse).resize((44 + number, 40), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


def run_words(photos, runs, *settings, recipe="srgan"):
    words = [word for each in [*SMALL, *settings] for word in ("--set", each)]
    return [
        "run",
        recipe,
        "--runs",
        runs,
        "--name",
        "r",
        "--set",
        f"dataset={{name='image-folder',path='{photos}'}}",
        *words,
    ]


def test_from_a_folder_of_photographs_to_enlarged_pictures(ask, photos, tmp_path):
    status, told = ask(*run_words(photos, tmp_path / "runs"))
    assert status == 0, told
    assert (tmp_path / "runs/r/samples/real.png").exists()

    given = tmp_path / "given"
    given.mkdir()
    pixels = torch.randint(0, 256, (7, 13), generator=torch.Generator().manual_seed(0)).numpy().astype(np.uint8)
    Image.fromarray(pixels).save(given / "grey.png")
    Image.fromarray(pixels).convert("RGB").save(given / "colour.jpg")
    (given / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    status, told = ask("sample", "r", "--runs", tmp_path / "runs", "--given", given, "--out", f"{tmp_path}/out/")
    assert status == 3
    assert "'broken.png' is" in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["colour.png", "grey.png"]
    for name in ("colour", "grey"):
        made = Image.open(tmp_path / f"out/{name}.png")
        assert (made.size, made.mode) == ((52, 28), "RGB")

    status, told = ask("resume", "r", "--runs", tmp_path / "runs", "--set", "budget_rounds=6")
    assert status == 0, told
    status, told = ask("evaluate", "r", "--runs", tmp_path / "runs")
    assert status == 0, told
    assert "psnr-y/bicubic" in told


def test_esrgan_plays_both_of_its_stages(ask, photos, tmp_path):
    pytest.importorskip("ganlab_relativistic_average")
    status, told = ask(*run_words(photos, tmp_path / "runs", recipe="esrgan"))
    assert status == 0, told
    last = json.loads((tmp_path / "runs/r/measurements.jsonl").read_text().splitlines()[-1])
    assert {"cost/image", "cost/content", "content@random-conv-maps-v1", "psnr-y"} <= set(last)


def test_sizes_that_do_not_divide_end_in_one_line_before_the_first_round(ask, photos, tmp_path):
    status, told = ask(*run_words(photos, tmp_path, "dataset.crop=30"))
    assert (status, len(told.strip().splitlines())) == (2, 1)
    assert "30 x 30 pixels cannot be made 4 times smaller" in told


def test_missing_weights_end_in_one_line_before_the_first_round(ask, photos, tmp_path):
    term = "stages.game.terms=[{name='content',on='generator',network='vgg19'}]"
    status, told = ask(*run_words(photos, tmp_path, term))
    assert (status, len(told.strip().splitlines())) == (2, 1)
    assert "needs weights, a safetensors file of torchvision's VGG-19" in told


def test_weights_of_another_hash_end_in_one_line(ask, photos, tmp_path):
    file = tmp_path / "vgg19.safetensors"
    file.write_bytes(b"other")
    options = f"network='vgg19',weights='{file}',sha256='{'0' * 64}'"
    status, told = ask(
        *run_words(photos, tmp_path / "runs", f"stages.game.terms=[{{name='content',on='generator',{options}}}]")
    )
    assert (status, len(told.strip().splitlines())) == (3, 1)
    assert "has the SHA-256" in told
