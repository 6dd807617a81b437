"""What is measured of held-out pairs is what could be worked out by hand."""

import pytest
import torch
from ganlab_pix2pix.labels_texture import LabelsTexture
from ganlab_pix2pix.translation import Translation, frechet, rough

import ganlab
import ganlab.testing
from ganlab.builtin.metrics.frechet import frechet_distance
from ganlab.plugins import Plugins


class Answers(torch.nn.Module):
    """A generator that says what it was told to."""

    def __init__(self, answers):
        super().__init__()
        self.answers = torch.nn.Parameter(answers)
        self.asked = 0

    def forward(self, source, noise=None):
        self.asked += len(source)
        return self.answers[self.asked - len(source) : self.asked]


class LookAt(ganlab.testing.ToyLook):
    """A look at a task and a dataset of one's own."""

    def __init__(self, task, dataset, generator):
        super().__init__()
        self.task, self.dataset, self._generator = task, dataset, generator

    def networks(self, *, averaged=True):
        return {"generator": self._generator}

    def features(self, choice, name):
        return Plugins().find("features", choice).factory(self.task.makes()[name])


def paired(dataset):
    return Plugins().find("tasks", "paired").factory(dataset.fields)


@pytest.fixture(scope="module")
def dataset():
    return LabelsTexture(samples=4, held_out=80)


def measured(dataset, answers):
    look = LookAt(paired(dataset), dataset, Answers(answers))
    return Translation(count=80).measure(look)


def held_out(dataset, name):
    return dataset.held_out.rows(torch.arange(80), None)[name]


def test_the_truth_itself_is_perfect(dataset):
    found = measured(dataset, held_out(dataset, "target"))
    assert found["translation/l1"] == 0
    assert found["translation/high-frequency"] == pytest.approx(1)
    assert found["translation/feature-distance@random-conv-v1"] == pytest.approx(0, abs=1e-6)
    assert found["translation/read-back"] == found["translation/read-back/real"] == 1
    assert found["translation/read-back/identity"] == 0


def test_grey_is_a_known_distance_off_and_has_no_detail(dataset):
    target = held_out(dataset, "target")
    found = measured(dataset, torch.zeros_like(target))
    assert found["translation/l1"] == pytest.approx(float(target.abs().mean()))
    assert found["translation/high-frequency"] == 0
    assert found["translation/feature-distance@random-conv-v1"] > 0.01
    assert found["translation/read-back"] == 0


def test_the_source_taken_for_the_output_is_measured_as_one(dataset):
    source, target = held_out(dataset, "source"), held_out(dataset, "target")
    found = measured(dataset, source)
    assert found["translation/l1"] == found["translation/l1/identity"]
    assert found["translation/l1"] == pytest.approx(float((source - target).abs().mean()))
    name = "translation/feature-distance@random-conv-v1"
    assert found[name] == pytest.approx(found["translation/feature-distance/identity@random-conv-v1"])


def test_a_game_without_pairs_is_measured_by_the_labels_alone():
    labels, textured = (LabelsTexture(samples=4, held_out=80, look=look) for look in ("labels", "texture"))
    task = Plugins().find("tasks", "unpaired").factory({"a": labels.fields, "b": textured.fields})
    both = LabelsTexture(samples=4, held_out=80)
    generator = torch.nn.ModuleDict({"b": Answers(held_out(both, "target"))})
    diagnostic = Translation(count=80)
    diagnostic.check(task, labels, {})
    assert diagnostic.measure(LookAt(task, labels, generator)) == {
        "translation/read-back": 1.0,
        "translation/read-back/identity": 0.0,
    }
    with pytest.raises(ganlab.RecipeError, match='look = "labels"'):
        diagnostic.check(task, textured, {})


def test_the_frechet_distance_is_ganlab_s_own():
    generator = torch.Generator().manual_seed(0)
    for rows in (200, 20):  # more than dimensions, and fewer
        one = torch.randn(rows, 30, generator=generator)
        other = 2 * torch.randn(rows, 30, generator=generator) + 1
        assert frechet(one, other) == pytest.approx(frechet_distance(one, other), rel=1e-6)


def test_detail_is_what_three_by_three_means_leave_out():
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1
    assert rough(board[None, None]) == pytest.approx((8 / 9) ** 2)
    assert rough(torch.arange(8.0).expand(1, 1, 8, 8)) == pytest.approx(0)
