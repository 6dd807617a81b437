"""Randomness bound to so many rows, and augmentations by the name they are registered under."""

from __future__ import annotations

import pytest
import torch

from ganlab.builtin.augmentations import ganlab_register_augmentations
from ganlab.engine.random import Stream


@pytest.fixture
def random():
    return lambda rows, place=0: Stream(0, "test", torch.device("cpu")).at(place, rows)


@pytest.fixture
def augmentation():
    return lambda name, **options: ganlab_register_augmentations()[name](**options)
