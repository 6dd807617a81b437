"""The four built-in tasks keep every task's promises."""

from __future__ import annotations

import torch
from torch.nn import Module

from ganlab import Architecture, Batch, Fields, GeneratorShapes, Task
from ganlab.builtin.architectures.unet import UNet
from ganlab.builtin.tasks.class_conditional import ClassConditional
from ganlab.builtin.tasks.paired import Paired
from ganlab.builtin.tasks.unconditional import Unconditional
from ganlab.builtin.tasks.unpaired import Unpaired
from ganlab.testing import TaskConformance
from ganlab.testing.toy_turn import ToyTurn
from ganlab.testing.toys import ToyArchitecture, ToyDataset, ToyRandom
from ganlab.values import Field
from tests.engine.toys import ToyData

PAIR = {"source": Field("image", (1, 8, 8)), "target": Field("image", (1, 8, 8))}


class TestUnconditional(TaskConformance):
    def make(self, fields: Fields) -> Task:
        return Unconditional(fields, latent_size=4)


class TestClassConditional(TaskConformance):
    def make(self, fields: Fields) -> Task:
        return ClassConditional(fields, latent_size=4, mismatched=True)


class UNetAgainstAToy(ToyArchitecture):
    """The generator reads the seed as its dropout's, not as a number."""

    def generator(self, shapes: GeneratorShapes) -> Module:
        return UNet(width=4).generator(shapes)


class TestPaired(TaskConformance):
    def architecture(self) -> Architecture:
        return UNetAgainstAToy()

    def make(self, fields: Fields) -> Task:
        return Paired(fields)

    def dataset(self) -> ToyData:
        return ToyData(PAIR)


class TestUnpaired(TaskConformance):
    def make(self, fields: Fields) -> Task:
        return Unpaired(fields)

    def fields(self) -> Fields:
        return {"a": ToyDataset().fields, "b": ToyDataset(seed=1).fields}

    def batch(self, rows: int = 6) -> Batch:
        batches = {
            name: Batch(ToyDataset(seed=seed).train.rows(torch.arange(rows), None), rows)
            for name, seed in (("a", 0), ("b", 1))
        }
        return Batch(batches, rows)


def test_mismatched_rows_show_real_images_beside_another_label() -> None:
    task = ClassConditional(ToyDataset().fields, latent_size=4, mismatched=True)
    turn = ToyTurn(task=task)
    view = turn.views("mismatched")["image"]
    assert view.rows is not None
    assert torch.equal(view.data, turn.real["image"][view.rows])
    assert (view.given != turn.given["label"][view.rows]).all()


def test_a_picture_of_a_pair_shows_source_and_target_side_by_side() -> None:
    task = Paired(PAIR)
    batch = Batch(ToyData(PAIR).train.rows(torch.arange(3), None), 3)
    given = task.draw(batch, ToyRandom(3))
    picture = task.picture(task.real(batch), given)
    assert picture.data.shape == (3, 1, 8, 16)
    assert torch.equal(picture.data[..., :8], batch["source"])


def test_of_a_pair_that_is_known_the_truth_is_shown_beside_the_output() -> None:
    task, batch = Paired(PAIR), ToyData(PAIR)
    rows = Batch(batch.train.rows(torch.arange(3), None), 3)
    made = {"target": torch.zeros(3, 1, 8, 8)}
    picture = task.picture(made, task.draw(rows, ToyRandom(3)))
    assert picture.data.shape == (3, 1, 8, 24)
    for place, part in enumerate((rows["source"], made["target"], rows["target"])):
        assert torch.equal(picture.data[..., 8 * place : 8 * place + 8], part)
    alone = task.draw(Batch({"source": rows["source"]}, 3), ToyRandom(3))
    assert task.picture(made, alone).data.shape == (3, 1, 8, 16)


def test_unpaired_is_content_with_one_kind_and_makes_the_other() -> None:
    fields = {"a": {"image": Field("image", (1, 8, 8))}, "b": {"image": Field("image", (3, 8, 8))}}
    task = Unpaired(fields)
    assert task.one_is_enough
    assert (task.answering("a"), task.answering("b")) == ("b", "a")
    given = task.draw(Batch({"b": Batch({"image": torch.ones(2, 3, 8, 8)}, 2)}, 2), ToyRandom(2))
    generator = torch.nn.ModuleDict({"a": torch.nn.Conv2d(3, 1, 1), "b": torch.nn.Conv2d(1, 3, 1)})
    sample = task.generate({"generator": generator}, given)
    assert {name: tuple(each.shape) for name, each in sample.items()} == {"a": (2, 1, 8, 8)}
    assert task.picture(sample, given).data.shape == (2, 3, 8, 16)
