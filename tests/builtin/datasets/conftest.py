"""Tiny pictures on disk, options as a recipe gives them, and draws like those of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab import Dataset, Random
from ganlab.builtin.datasets import ganlab_register_datasets
from ganlab.engine.random import Stream
from ganlab.registry import Entry, Origin


@pytest.fixture
def make() -> Callable[..., Dataset]:
    """The dataset of that name, its options checked against its signature first, as in a recipe."""

    def build(name: str, **options: Any) -> Dataset:
        factory = ganlab_register_datasets()[name]
        return Entry("datasets", name, factory, Origin("datasets", "ganlab", "0", builtin=True)).create(**options)

    return build


@pytest.fixture
def draws() -> Callable[[int], Random]:
    return lambda rows: Stream(0, "test", torch.device("cpu")).at(0, rows)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write one picture of one colour (or the array given) below `tmp_path`."""

    def write(name: str, colour: Any = 0, size: tuple[int, int] = (4, 4), mode: str = "RGB", **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(colour) if isinstance(colour, np.ndarray) else Image.new(mode, size[::-1], colour)
        image.save(path, **options)
        return path

    return write
