"""Frozen networks that a content loss looks through: pictures (N, C, H, W) in [-1, 1] -> a list of maps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganlab.weights import read_weights, settle

LEVELS = (16, 32, 64)
SLOPE = 0.2
SEED = 19
"""Of the filters: others than those of the feature network 'random-conv', in which samples are measured."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's pictures, in 0..1: what torchvision's weights expect."""

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""VGG-19: channels and convolutions before each pooling."""

LAYERS = {"2.2": 7, "5.4": 34}
"""Where the paper's layers are in torchvision's `features`, the activation one further."""


class Pixels(nn.Module):
    """The pictures themselves."""

    name = "pixels"

    def forward(self, data: Tensor) -> list[Tensor]:
        return [data]


class RandomConv(nn.Module):
    """Three levels of fixed random 3 x 3 convolutions, each halving the picture: the maps of all. Any channels."""

    name = "random-conv-maps-v1"

    def __init__(self) -> None:
        super().__init__()
        self._levels: dict[int, list[Tensor]] = {}

    def forward(self, data: Tensor) -> list[Tensor]:
        maps, found = data, list[Tensor]()
        for filters in self._drawn(data):
            if found:
                maps = nn.functional.avg_pool2d(maps, 2)
            maps = nn.functional.leaky_relu(nn.functional.conv2d(maps, filters, padding=1), SLOPE)
            found.append(maps)
        return found

    def _drawn(self, data: Tensor) -> list[Tensor]:
        channels = data.shape[1]
        if channels not in self._levels:
            generator, before, levels = torch.Generator().manual_seed(SEED), channels, []
            for after in LEVELS:
                filters = torch.randn(after, before, 3, 3, generator=generator)
                levels.append(filters * (2 / (before * 9)) ** 0.5)
                before = after
            self._levels[channels] = levels
        self._levels[channels] = [each.to(data.device) for each in self._levels[channels]]
        return self._levels[channels]


class VGG19(nn.Module):
    """VGG-19 up to one layer; grey pictures become colour."""

    def __init__(self, last: int, name: str) -> None:
        super().__init__()
        self.name = name
        layers: list[nn.Module] = []
        before = 3
        for channels, convolutions in STAGES:
            for _ in range(convolutions):
                layers += [nn.Conv2d(before, channels, 3, 1, 1), nn.ReLU()]
                before = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[: last + 1])

    def forward(self, data: Tensor) -> list[Tensor]:
        mean, deviation = (data.new_tensor(each)[:, None, None] for each in (MEAN, DEVIATION))
        colour = data.expand(-1, 3, -1, -1) if data.shape[1] == 1 else data
        return [self.features(((colour + 1) / 2 - mean) / deviation)]


def read_vgg19(weights: str, sha256: str, layer: str, *, activated: bool) -> VGG19:
    """VGG-19 with the weights of that file, of which only the layers that are needed are kept.

    Raises `RecipeError` if there is no such file, `DataError` if it is another one.
    """
    told = f"vgg19-{layer}{'' if activated else '-linear'}-{sha256[:8].lower()}"
    with torch.device("meta"):
        network = VGG19(LAYERS[layer] + activated, told)
    wanted = network.state_dict()
    tensors = read_weights(weights, sha256)
    numbers = {name: int(name.split(".")[1]) for name in tensors if name.startswith("features.")}
    known = {
        name: each
        for name, each in tensors.items()
        if not name.startswith("classifier.") and not (name not in wanted and numbers.get(name, 0) > LAYERS[layer])
    }
    settle(weights, network, known, "VGG-19")
    return network
