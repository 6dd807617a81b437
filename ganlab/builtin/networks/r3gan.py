"""R3GAN: a modern network without a single norm, kept in hand by how its weights begin.

Huang et al. 2024, arXiv:2501.05441, section 4 (configuration E): inverted bottlenecks with grouped convolutions,
bilinear resampling, Fixup-style initialisation (Zhang et al. 2019, arXiv:1901.09321). Written from the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganlab import Field
from ganlab.builtin.networks.conditions import Maps, Vectors, classes
from ganlab.builtin.networks.resampling import BilinearDoubling, BilinearHalving

_EXPANSION = 2
_GROUP = 16
_SLOPE = 0.2
_GAIN = sqrt(2 / (1 + _SLOPE**2))


class Bottleneck(nn.Module):
    """x + conv1x1(act(grouped conv3x3(act(conv1x1(x))))): C -> 2C -> 2C -> C channels, 16 channels to a group."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels * _EXPANSION
        self.widen = nn.Conv2d(channels, inner, 1)
        self.mix = nn.Conv2d(inner, inner, 3, padding=1, groups=max(inner // _GROUP, 1))
        self.narrow = nn.Conv2d(inner, channels, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        inner = F.leaky_relu(self.widen(maps), _SLOPE, inplace=True)
        inner = F.leaky_relu(self.mix(inner), _SLOPE, inplace=True)
        return maps + self.narrow(inner)  # type: ignore[no-any-return]


class R3GANGenerator(nn.Module):
    """Latents and labels -> learnt maps of `smallest`, weighted by them -> stages -> image (N, C, H, W), unbounded.

    `widths` are the channels of each stage, from the smallest maps up; each stage has `blocks` bottlenecks.
    """

    def __init__(
        self,
        given: Sequence[Field],
        channels: int,
        smallest: tuple[int, int],
        widths: Sequence[int],
        *,
        blocks: int,
        label_size: int,
    ) -> None:
        super().__init__()
        self.read = Vectors(given, label_size)
        self.basis = nn.Parameter(torch.randn(widths[0], *smallest))
        self.modulate = nn.Linear(self.read.size, widths[0], bias=False)
        layers = _bottlenecks(widths[0], blocks)
        for before, after in pairwise(widths):
            layers += [BilinearDoubling(), *_matched(before, after), *_bottlenecks(after, blocks)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], channels, 1, bias=False))

    def forward(self, *given: Tensor) -> Tensor:
        weights = self.modulate(self.read(*given))
        image: Tensor = self.layers(self.basis * weights[:, :, None, None])
        return image


class R3GANDiscriminator(nn.Module):
    """The generator mirrored: image -> stages -> one depthwise kernel over the smallest maps -> logits (N,).

    With a label, the logit is the inner product of `label_size` features with the label's vector, divided by its
    length's root (projection, arXiv:1802.05637); an image condition stands beside the image.
    """

    def __init__(
        self,
        data: Field,
        given: Field | None,
        smallest: tuple[int, int],
        widths: Sequence[int],
        *,
        blocks: int,
        label_size: int,
    ) -> None:
        super().__init__()
        _, height, width = data.shape
        labelled = given is not None and given.kind == "category"
        self.read = Maps([data] if given is None or labelled else [data, given], height, width)
        layers: list[nn.Module] = [nn.Conv2d(self.read.channels, widths[-1], 1, bias=False)]
        for before, after in pairwise(reversed(widths)):
            layers += [*_bottlenecks(before, blocks), BilinearHalving(before), *_matched(before, after)]
        layers += _bottlenecks(widths[0], blocks)
        layers += [nn.Conv2d(widths[0], widths[0], smallest, groups=widths[0], bias=False), nn.Flatten()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[0], label_size if labelled else 1, bias=False))
        self.embed = nn.Embedding(classes(given), label_size) if given is not None and labelled else None

    def forward(self, data: Tensor, given: Tensor | None = None) -> Tensor:
        if self.embed is not None and given is not None:
            embedded = self.embed(given)
            features = self.layers(self.read(data))
            return (features * embedded).sum(1) / sqrt(embedded.shape[1])  # type: ignore[no-any-return]
        seen: Tensor = self.read(data) if given is None else self.read(data, given)
        logits: Tensor = self.layers(seen)
        return logits.flatten()


def fix_up(network: nn.Module) -> None:
    """Begin as a network without residual branches: their last weights are 0, the others shrunk by depth^(-1/4).

    N(0, gain^2 / fan_in) everywhere, with the gain of Leaky ReLU inside branches and 1 on the trunk. The exponent is
    -1 / (2m - 2) for branches of m = 3 layers (Fixup, arXiv:1901.09321, section 4).
    """
    branches = [module for module in network.modules() if isinstance(module, Bottleneck)]
    inside = {id(layer) for branch in branches for layer in (branch.widen, branch.mix)}
    shrunk = _GAIN * max(len(branches), 1) ** -0.25
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, 0.0, (shrunk if id(module) in inside else 1.0) / sqrt(fan_in))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for branch in branches:
        nn.init.zeros_(branch.narrow.weight)


def _bottlenecks(channels: int, count: int) -> list[nn.Module]:
    return [Bottleneck(channels) for _ in range(count)]


def _matched(before: int, after: int) -> list[nn.Module]:
    return [] if before == after else [nn.Conv2d(before, after, 1, bias=False)]
