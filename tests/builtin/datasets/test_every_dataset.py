"""What holds for every built-in dataset."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from ganlab.builtin.datasets import ganlab_register_datasets

SMALL = {
    "corridor": {"size": 16, "samples": 50, "held_out": 20},
    "ground-plane": {"size": 16, "samples": 50, "held_out": 20, "channels": 1},
    "joint-parts": {"size": 16, "samples": 50, "held_out": 20},
    "mirrored": {"size": 16, "samples": 50, "held_out": 20},
    "scenes": {"size": 16, "samples": 50, "held_out": 20},
    "digits": {"size": 8},
    "grid": {"samples": 50, "held_out": 20},
    "ring": {"samples": 50, "held_out": 20},
    "stacked-digits": {"size": 8, "samples": 1000, "held_out": 1000},
    "photographs": {"size": 8, "patches": 30, "held_out": 10, "pairs": "grey", "flip": True},
    "image-folder": {"path": "pictures", "crop": (3, 2), "flip": True},
    "paired-folder": {"path": "pictures", "channels": 4},
    "npz": {"path": "data.npz", "array": "x", "labels": "y"},
}


@pytest.fixture(params=SMALL)
def dataset(request, make, save, tmp_path, monkeypatch):
    for shade in range(20):
        save(f"pictures/{shade % 2}/{shade}.png", (shade, 0, 255))
    np.savez(tmp_path / "data.npz", x=np.arange(320).reshape(20, 4, 4).astype(np.uint16), y=np.arange(20) % 2)
    monkeypatch.chdir(tmp_path)
    return make(request.param, **SMALL[request.param])


def test_there_is_an_example_of_each():
    assert set(SMALL) == set(ganlab_register_datasets())


def test_rows_are_what_the_fields_say(dataset, draws):
    for part in (dataset.train, dataset.held_out):
        rows = part.rows(torch.tensor([1, 0, 1]), draws(3))
        assert set(rows) == set(dataset.fields)
        for name, field in dataset.fields.items():
            assert tuple(rows[name].shape) == (3, *field.shape)
            if field.kind == "category":
                assert rows[name].dtype is torch.int64
                assert 0 <= int(rows[name].min()) <= int(rows[name].max()) < field.cardinality
            else:
                assert rows[name].dtype is torch.float32
            if field.kind == "image":
                assert -1 <= float(rows[name].min()) <= float(rows[name].max()) <= 1


def test_rows_come_in_the_order_asked_for(dataset):
    order = torch.tensor([3, 1, 1, 0])
    together = dataset.train.rows(order, None)
    for place, index in enumerate(order):
        alone = dataset.train.rows(index[None], None)
        assert all(torch.equal(together[name][place], alone[name][0]) for name in alone)


def test_the_same_source_stands_on_another_device(dataset):
    moved = dataset.train.to("cpu")
    order = torch.arange(4)
    here, there = dataset.train.rows(order, None), moved.rows(order, None)
    assert all(torch.equal(here[name], there[name]) for name in here)
    assert len(moved) == len(dataset.train)
    assert moved.nbytes() == dataset.train.nbytes() > 0
    assert dataset.train.resident


def test_registering_loads_nothing_heavy():
    check = (
        "import sys, ganlab.builtin.datasets as d; d.ganlab_register_datasets();"
        "print([m for m in ('torch', 'numpy', 'sklearn', 'skimage', 'PIL', 'scipy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"
