"""Datasets that are drawn by a rule: from their seed alone, in two parts that share nothing, many to the second."""

from __future__ import annotations

import time

import pytest
import torch

from ganlab import RecipeError, Truth
from ganlab.testing import DatasetConformance

DRAWN = ("corridor", "ground-plane", "joint-parts", "mirrored", "scenes")


def pictures(part):
    return part.rows(torch.arange(len(part)), None)["image"]


@pytest.mark.parametrize("name", DRAWN)
def test_the_draw_depends_on_the_options_alone(make, name):
    torch.manual_seed(1)
    first = make(name, samples=40, held_out=20, seed=3)
    torch.manual_seed(2)
    again = make(name, samples=40, held_out=20, seed=3)
    other = make(name, samples=40, held_out=20, seed=4)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


@pytest.mark.parametrize("name", DRAWN)
def test_it_brings_its_truth_and_pictures_of_the_size_asked_for(make, name):
    dataset = make(name, size=24, channels=1, samples=30, held_out=10)
    assert isinstance(dataset.truth, Truth)
    assert pictures(dataset.train).shape == (30, 1, 24, 24)


@pytest.mark.parametrize("name", DRAWN)
def test_no_held_out_picture_is_a_training_picture(make, name):
    dataset = make(name, size=16, channels=1, samples=3000, held_out=500)
    seen = {each.numpy().tobytes() for each in dataset.train.tensors["image"]}
    assert not any(each.numpy().tobytes() in seen for each in dataset.held_out.tensors["image"])


@pytest.mark.parametrize("name", DRAWN)
def test_a_thousand_pictures_take_less_than_a_second_of_the_processor(make, name):
    make(name, samples=10, held_out=10)
    before = time.process_time()
    make(name, samples=2000, held_out=10)
    assert time.process_time() - before < 2


def test_labels_of_scenes_say_how_many_shapes_there_are(make):
    dataset = make("scenes", least=2, most=4, samples=200, held_out=100)
    rows = dataset.train.rows(torch.arange(200), None)
    assert dataset.fields["label"].names == ("2", "3", "4")
    for label in range(3):
        seen = dataset.truth.read(rows["image"][rows["label"] == label])
        assert seen.values["count/mean"] == pytest.approx(2 + label, abs=0.02)
    assert set(make("scenes", least=3, most=3, samples=10, held_out=10).fields) == {"image"}


def test_fewer_shapes_than_the_least_are_refused(make):
    with pytest.raises(RecipeError, match="least = 3 is more than most = 2"):
        make("scenes", least=3, most=2)


class TestScenes(DatasetConformance):
    def make(self):
        from ganlab.builtin.datasets.scenes import scenes

        return scenes(size=16, samples=80, held_out=40)


class TestGroundPlane(DatasetConformance):
    def make(self):
        from ganlab.builtin.datasets.ground_plane import ground_plane

        return ground_plane(samples=80, held_out=40)
