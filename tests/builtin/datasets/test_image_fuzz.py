"""Ten thousand spoilt pictures: each is a picture or one reason why not, in bounded time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ganlab import DataError
from ganlab.builtin.datasets.opening import open_picture
from ganlab.builtin.datasets.problems import Unusable
from tests.builtin.datasets import image_fuzz

COUNT = 10_000
IN_A_FOLDER = 400


@pytest.mark.parametrize("data", image_fuzz.seeds(), ids=lambda data: f"{len(data)}-bytes")
def test_every_seed_is_a_picture(data):
    image, facts = open_picture(data)
    assert sorted((facts.height, facts.width)) == [10, 12]
    assert (image.height, image.width) == (facts.height, facts.width)


def test_spoilt_pictures_are_pictures_or_refused():
    child = [sys.executable, image_fuzz.__file__, "0", str(COUNT)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(child, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["wrong"] == []
    assert report["slowest"] < image_fuzz.LIMIT_SECONDS
    assert sum(report["told"].values()) == COUNT
    for kind in ("a picture", "truncated or", "not a", "over 64"):  # the accidents reach all of these
        assert report["told"][kind] > 20


@pytest.fixture
def spoilt(tmp_path, save) -> tuple[Path, int]:
    """A folder of spoilt files, under all endings, and how many of them are pictures."""
    usable = 2
    for number, data in enumerate(image_fuzz.cases(7, IN_A_FOLDER)):
        (tmp_path / f"{number}{('.png', '.jpg', '.tif', '.gif')[number % 4]}").write_bytes(data)
        try:
            open_picture(data)
            usable += 1
        except Unusable:
            pass
    save("good0.png", 0)
    save("good1.png", 1)
    return tmp_path, usable


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("memory_mib", [0, 64])
def test_a_folder_of_spoilt_pictures_is_used_as_far_as_it_can_be(make, spoilt, memory_mib):
    folder, usable = spoilt
    with pytest.raises(DataError, match=f"{IN_A_FOLDER + 2 - usable} of {IN_A_FOLDER + 2} samples"):
        make("image-folder", path=str(folder), size=8, resize="crop")
    for channels in (1, 3, 4):
        options = {"size": 8, "resize": "crop", "channels": channels, "memory_mib": memory_mib, "max_bad": IN_A_FOLDER}
        dataset = make("image-folder", path=str(folder), **options)
        assert len(dataset.train) + len(dataset.held_out) == usable
        rows = dataset.train.rows(torch.arange(len(dataset.train)), None)["image"]
        assert rows.shape[1:] == (channels, 8, 8)
        assert torch.isfinite(rows).all()
    pairs = make("paired-folder", path=str(folder), size=8, resize="stretch", max_bad=IN_A_FOLDER)
    assert len(pairs.train) > 0
