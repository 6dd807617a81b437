"""Residual generator and projection discriminator: SNGAN's for CIFAR-10 and ImageNet, with BigGAN's self-attention."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from ganlab import Field
from ganlab.builtin.networks.attention import SelfAttention
from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditional_norm import ConditionalNorm
from ganlab.builtin.networks.conditions import Maps, Vectors, classes
from ganlab.builtin.networks.normalisation import normalisation
from ganlab.builtin.networks.projection import Projection
from ganlab.builtin.networks.residual import Doubling, Halving


class ResNetGenerator(nn.Module):
    """Latents and a label -> maps of `smallest` -> residual doublings -> image (N, C, H, W) in [-1, 1].

    The first label chooses gains and shifts of the norms; without norms it is embedded beside the latents, as are
    further labels. `widths` are the channels of the smallest maps and of each block's output.
    """

    def __init__(
        self,
        given: Sequence[Field],
        channels: int,
        smallest: tuple[int, int],
        widths: Sequence[int],
        *,
        norm: Norm,
        attention: int | None,
        label_size: int,
    ) -> None:
        super().__init__()
        kinds = [field.kind for field in given]
        self.label = kinds.index("category") if norm != "none" and "category" in kinds else None
        count = None if self.label is None else classes(given[self.label])
        self.read = Vectors([field for place, field in enumerate(given) if place != self.label], label_size)
        self.shape = (widths[0], *smallest)
        self.start = nn.Linear(self.read.size, widths[0] * smallest[0] * smallest[1])
        self.blocks = nn.ModuleList(Doubling(before, after, norm, count) for before, after in pairwise(widths))
        self.attend = nn.ModuleList(
            SelfAttention(width) if min(smallest) << level == attention else nn.Identity()
            for level, width in enumerate(widths[1:], start=1)
        )
        self.norm = ConditionalNorm(norm, widths[-1], None)
        self.end = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, *given: Tensor) -> Tensor:
        label = None if self.label is None else given[self.label]
        latents = [each for place, each in enumerate(given) if place != self.label]
        maps = self.start(self.read(*latents)).unflatten(1, self.shape)
        for block, attend in zip(self.blocks, self.attend, strict=True):
            maps = attend(block(maps, label))
        return self.end(F.relu(self.norm(maps, None))).tanh()  # type: ignore[no-any-return]


class ResNetDiscriminator(nn.Module):
    """Image -> residual halvings -> summed over the map -> logits (N,), plus the projection on the condition, if any.

    `widths` are the channels of each block's output; the first `halvings` blocks halve, the others keep the size. An
    image condition stands beside the image instead.
    """

    def __init__(
        self,
        data: Field,
        given: Field | None,
        widths: Sequence[int],
        *,
        halvings: int,
        norm: Norm,
        attention: int | None,
    ) -> None:
        super().__init__()
        _, height, width = data.shape
        beside = given is not None and given.kind == "image"
        self.read = Maps([data, given] if given is not None and beside else [data], height, width)
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise([self.read.channels, *widths])):
            halve = place < halvings
            layers.append(Halving(before, after, norm, halve=halve, first=place == 0))
            if halve and min(height, width) >> (place + 1) == attention:
                layers.append(SelfAttention(after))
        self.layers = nn.Sequential(*layers, normalisation(norm, widths[-1]), nn.ReLU())
        self.end = nn.Linear(widths[-1], 1)
        self.project = None if given is None or beside else Projection(given, widths[-1])

    def forward(self, data: Tensor, given: Tensor | None = None) -> Tensor:
        seen: Tensor = self.read(data) if given is None or self.project is not None else self.read(data, given)
        features = self.layers(seen).sum((2, 3))
        logits: Tensor = self.end(features).flatten()
        if self.project is None or given is None:
            return logits
        return logits + self.project(features, given)  # type: ignore[no-any-return]
