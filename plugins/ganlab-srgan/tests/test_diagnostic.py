"""What is measured of a generator, and of the baselines beside it."""

import math

import pytest
import torch
from ganlab_srgan import Restoration, SRResNet, SuperResolution
from ganlab_srgan.detail import Detail
from ganlab_srgan.scaling import enlarged, reduced

import ganlab.testing
from ganlab.plugins import Plugins

FIELD = ganlab.Field("image", (3, 32, 32))


class Pictures(ganlab.testing.ToyDataset):
    """Noise of 2 x 2 pixels."""

    def __init__(self, held_out=32):
        image = ganlab.testing.ToyRandom(96).uniform(3, 16, 16, low=-0.8, high=0.8)
        image = image.repeat_interleave(2, 2).repeat_interleave(2, 3)
        self.fields = {"image": FIELD}
        parts = (image[:64], image[64 : 64 + held_out])
        self.train, self.held_out = (ganlab.testing.ToySource({"image": part}) for part in parts)


def look(held_out=32):
    dataset = Pictures(held_out)
    task = SuperResolution(dataset.fields)
    architecture = SRResNet(width=4, blocks=1, norm="none", over="bicubic")
    return ganlab.testing.ToyLook(task=task, dataset=dataset, architecture=architecture)


class TestRestoration(ganlab.testing.DiagnosticConformance):
    def make(self):
        return Restoration(count=8)

    def look(self):
        return look()


class TestDetail(ganlab.testing.FeaturesConformance):
    field = FIELD

    def make(self):
        return Detail(self.field)


def test_a_generator_that_is_bicubic_has_bicubics_numbers():
    measured = Restoration(count=8).measure(look())
    names = ["psnr-rgb", "psnr-y", "ssim-y", "high-frequency", "consistency"]
    assert [measured[name] for name in names] == pytest.approx([measured[f"{name}/bicubic"] for name in names])
    for distance in ("feature-distance", "perceptual-distance"):
        assert measured[f"{distance}@toy"] == pytest.approx(measured[f"{distance}/bicubic@toy"], abs=1e-6)
    assert set(measured) == {
        f"{name}{of}{space}"
        for of in ("", "/nearest", "/bicubic")
        for space, known in (("", names), ("@toy", ["feature-distance", "perceptual-distance"]))
        for name in known
    }


def test_the_baselines_are_of_held_out_pictures():
    seen = look()
    truth = seen.dataset.held_out.rows(torch.arange(32), None)["image"]
    made = enlarged(seen.task.draw(ganlab.Batch({"image": truth}, 32), seen.random("", 32))["low"], 4).clamp(-1, 1)
    wanted = (10 * torch.log10(4 / (made - truth).square().mean((1, 2, 3)))).mean()
    assert Restoration(count=32).measure(seen)["psnr-rgb/bicubic"] == pytest.approx(float(wanted), rel=1e-5)


def test_without_held_out_pictures_the_numbers_are_missing():
    measured = Restoration(count=8).measure(look(held_out=0))
    assert measured
    assert all(math.isnan(value) for value in measured.values())


def test_games_it_cannot_measure_are_refused():
    dataset = ganlab.testing.ToyDataset()
    with pytest.raises(ganlab.RecipeError, match="needs the task 'super-resolution'"):
        Restoration().check(ganlab.testing.ToyTask(dataset.fields), dataset, {})
    task = SuperResolution({"image": ganlab.Field("image", (3, 16, 16))})
    with pytest.raises(ganlab.RecipeError, match="needs pictures of 20 pixels"):
        Restoration().check(task, dataset, {})


def test_detail_tells_sharp_from_blurred_and_not_bright_from_dark():
    space, sharp = Detail(FIELD), Pictures().train.rows(torch.arange(64), None)["image"]
    blurred, brighter = enlarged(reduced(sharp, 4), 4), sharp + 0.2
    points = space.embed(sharp)
    moved = [float((space.embed(each) - points).abs().mean()) for each in (blurred, brighter)]
    assert moved[0] > 1
    assert moved[1] < 1e-3


def test_ganlab_finds_all_of_it():
    plugins = Plugins()
    names = {
        "tasks": ["super-resolution"],
        "architectures": ["srresnet", "rrdb"],
        "terms": ["content"],
        "features": ["detail"],
        "diagnostics": ["restoration"],
        "recipes": ["srgan", "srgan-paper", "esrgan", "esrgan-paper"],
    }
    for kind, known in names.items():
        for name in known:
            assert plugins.find(kind, name).origin.distribution == "ganlab-srgan"
