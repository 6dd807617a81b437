"""The content loss: what it costs, through which network, and what it says of weights that are not there."""

import hashlib

import pytest
import torch
from ganlab_srgan import Content, SRResNet, SuperResolution
from ganlab_srgan.content_networks import DEVIATION, MEAN
from safetensors.torch import save
from torch.nn.functional import conv2d, max_pool2d

import ganlab.testing

PLAN = {0: 64, 2: 64, 5: 128, 7: 128, 10: 256, 12: 256, 14: 256, 16: 256, 19: 512, 21: 512}
"""Places and channels of convolutions in torchvision's `vgg19().features`, as far as they are needed here."""


class Toy(ganlab.testing.ToyDataset):
    """Pictures (3, 16, 16)."""

    def __init__(self):
        image = ganlab.testing.ToyRandom(96).uniform(3, 16, 16, low=-1.0)
        self.fields = {"image": ganlab.Field("image", (3, 16, 16))}
        self.train, self.held_out = (ganlab.testing.ToySource({"image": part}) for part in (image[:64], image[64:]))


def turn():
    dataset = Toy()
    return ganlab.testing.ToyTurn(
        "generator",
        task=SuperResolution(dataset.fields),
        dataset=dataset,
        architecture=SRResNet(width=4, blocks=1, norm="none"),
    )


class TestContent(ganlab.testing.TermConformance):
    player = "generator"

    def make(self):
        return Content()

    def turn(self):
        return turn()


def test_of_pixels_it_is_the_mean_squared_error():
    table = turn()
    cost = Content(network="pixels").cost(table)
    assert torch.allclose(cost, (table.fake["image"] - table.real["image"]).square().mean((1, 2, 3)))


def test_equal_pictures_cost_nothing():
    table = turn()
    table._fake = table.real
    assert Content().cost(table).tolist() == [0.0] * 8


def test_a_number_is_named_after_its_network():
    table = turn()
    Content().cost(table)
    assert list(table.recorded) == ["content@random-conv-maps-v1"]


@pytest.fixture(scope="module")
def vgg(tmp_path_factory):
    """A file with random weights under torchvision's names, and its hash."""
    random, before, tensors = torch.Generator().manual_seed(0), 3, {}
    for place, channels in PLAN.items():
        tensors[f"features.{place}.weight"] = torch.randn(channels, before, 3, 3, generator=random) / before**0.5 / 3
        tensors[f"features.{place}.bias"] = torch.randn(channels, generator=random) / 10
        before = channels
    tensors["classifier.0.weight"] = torch.zeros(2, 2)
    path = tmp_path_factory.mktemp("vgg") / "vgg19.safetensors"
    path.write_bytes(save(tensors))
    return path, hashlib.sha256(path.read_bytes()).hexdigest(), tensors


@pytest.mark.parametrize("activated", [True, False])
def test_vgg_is_the_paper_s_layer_worked_out_step_by_step(vgg, activated):
    path, sha256, tensors = vgg
    table = turn()
    cost = Content(network="vgg19", layer="2.2", activated=activated, weights=str(path), sha256=sha256).cost(table)

    def seen(pictures):
        maps = ((pictures + 1) / 2 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]
        for place in (0, 2, 5, 7):
            maps = max_pool2d(maps, 2) if place == 5 else maps
            maps = conv2d(maps, tensors[f"features.{place}.weight"], tensors[f"features.{place}.bias"], padding=1)
            maps = maps.relu() if activated or place < 7 else maps
        return maps

    wanted = (seen(table.fake["image"]) - seen(table.real["image"])).square().mean((1, 2, 3))
    assert torch.allclose(cost, wanted, rtol=1e-4)
    assert list(table.recorded) == [f"content@vgg19-2.2{'' if activated else '-linear'}-{sha256[:8]}"]


def test_weights_that_are_missing_of_another_hash_or_of_another_network_are_told_in_a_line(vgg, tmp_path):
    path, sha256, _ = vgg
    with pytest.raises(ganlab.RecipeError, match="needs weights, a safetensors file of torchvision's VGG-19"):
        Content(network="vgg19")
    with pytest.raises(ganlab.RecipeError, match=r"cannot be read \(No such file"):
        Content(network="vgg19", weights=str(tmp_path / "none"), sha256=sha256)
    with pytest.raises(ganlab.DataError, match=f"has the SHA-256 {sha256}, expected {'0' * 64}"):
        Content(network="vgg19", weights=str(path), sha256="0" * 64)
    with pytest.raises(ganlab.DataError, match=r"holds no VGG-19: it lacks features\.23\.weight"):
        Content(network="vgg19", weights=str(path), sha256=sha256)
    with pytest.raises(ganlab.RecipeError, match="takes no weights"):
        Content(weights=str(path), sha256=sha256)
