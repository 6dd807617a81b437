"""The task, on any dataset of pictures, and what it says of sizes that do not fit."""

import pytest
import torch
from ganlab_srgan import SRResNet, SuperResolution
from ganlab_srgan.scaling import enlarged, reduced

import ganlab.testing
from ganlab import Batch, Field

FIELDS = {"image": Field("image", (3, 32, 32))}


class Pictures(ganlab.testing.ToyDataset):
    """Pictures (3, 32, 32) of waves."""

    def __init__(self):
        places = torch.linspace(-1, 1, 32)
        phases = ganlab.testing.ToyRandom(96).uniform(3, 1, 1, high=6.0)
        image = ((4 * places[:, None] + 9 * places + phases).sin() * 0.9).float()
        self.fields = FIELDS
        self.train, self.held_out = (ganlab.testing.ToySource({"image": part}) for part in (image[:64], image[64:]))

    def fingerprint(self):
        return "waves"


class TestSuperResolution(ganlab.testing.TaskConformance):
    def make(self, fields):
        return SuperResolution(fields)

    def dataset(self):
        return Pictures()

    def batch(self, rows=ganlab.testing.tasks.ROWS):
        image = Pictures().train.rows(torch.arange(rows), None)["image"]
        return Batch({"image": image, "low": reduced(image, 4).clamp(-1, 1)}, rows)

    def architecture(self):
        return SRResNet(width=4, blocks=1, norm="none")


def drawn(entries, factor=4):
    task = SuperResolution(FIELDS, factor=factor)
    return task, task.draw(Batch(entries, 2), ganlab.testing.ToyRandom(2))


@pytest.mark.parametrize("factor", [2, 4])
def test_what_is_given_is_the_picture_made_small(factor):
    image = Pictures().train.rows(torch.arange(2), None)["image"]
    task, given = drawn({"image": image}, factor)
    assert task.fields["low"].shape == (3, 32 // factor, 32 // factor)
    assert (given["low"] - reduced(image, factor)).abs().max() < 1 / 127  # 8 bits


def test_a_users_small_picture_is_taken_as_it_is_and_in_any_size():
    low = ganlab.testing.ToyRandom(2).uniform(3, 7, 13, low=-1.0)
    task, given = drawn({"low": low})
    assert torch.equal(given["low"], low)
    made = task.generate({"generator": SRResNet(width=4, blocks=1).generator(shapes(task)).eval()}, given)["image"]
    assert made.shape == (2, 3, 28, 52)
    assert task.picture({"image": made}, given).data.shape == (2, 3, 28, 3 * 52)


def test_the_picture_shows_nearest_bicubic_output_and_truth():
    image = Pictures().train.rows(torch.arange(2), None)["image"]
    task, given = drawn({"image": image})
    nearest, bicubic, output, truth = task.picture({"image": image / 2}, given).data.chunk(4, 3)
    assert torch.equal(nearest[..., ::4, ::4], given["low"])
    assert torch.allclose(bicubic, enlarged(given["low"], 4).clamp(-1, 1))
    assert torch.equal(output, image / 2)
    assert torch.equal(truth, image)


@pytest.mark.parametrize(("shape", "fits"), [((3, 30, 32), "28 x 32"), ((1, 33, 3), "32 x 4")])
def test_sizes_that_do_not_divide_are_refused_with_one_that_does(shape, fits):
    with pytest.raises(ganlab.RecipeError, match=rf"cannot be made 4 times smaller.*crop or size, to {fits}"):
        SuperResolution({"image": Field("image", shape)})


def test_fields_without_a_picture_are_left_to_whoever_checks_what_the_task_needs():
    assert SuperResolution({"point": Field("point", (2,))}).needs == {"image": "image"}


def shapes(task):
    return ganlab.GeneratorShapes({"low": task.fields["low"]}, task.makes())
