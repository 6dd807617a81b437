"""The networks: what makes pictures large, and what tells whether they were."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ganlab_srgan.scaling import enlarged

SLOPE = 0.2
DENSE_GROWTH, DENSE_LAYERS = 32, 5
"""ESRGAN's dense blocks: channels that each layer adds, and layers (section 3.1)."""

SHARE = 0.2
"""The share of a residual that is added (ESRGAN, section 3.1: between 0 and 1; 0.2 in the authors' code)."""


class Enlarger(nn.Module):
    """Small picture (N, C, h, w) -> picture (N, C, h factor, w factor), of any size.

    A trunk at the small size, a skip around it, doublings, and the way back to colours. With `over_bicubic` it makes
    the difference to the bicubic enlargement, at first nothing; else the picture itself.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        factor: int,
        *,
        trunk: nn.Module,
        doubling: Callable[[int], nn.Module],
        kernel: int,
        activation: Callable[[], nn.Module],
        over_bicubic: bool,
    ) -> None:
        super().__init__()
        self.factor = factor
        self.over_bicubic = over_bicubic
        self.enter = nn.Sequential(nn.Conv2d(channels, width, kernel, 1, kernel // 2), activation())
        self.trunk = trunk
        self.doublings = nn.Sequential(*(doubling(width) for _ in range(factor.bit_length() - 1)))
        self.leave = nn.Conv2d(width, channels, kernel, 1, kernel // 2)
        if over_bicubic:
            for each in self.leave.parameters():
                nn.init.zeros_(each)

    def forward(self, low: Tensor) -> Tensor:
        maps = self.enter(low)
        image: Tensor = self.leave(self.doublings(self.trunk(maps) + maps))
        return image + enlarged(low, self.factor) if self.over_bicubic else image


class Residual(nn.Module):
    """SRGAN's block (figure 4): two convolutions, normed or not, and a skip."""

    def __init__(self, width: int, *, norm: bool) -> None:
        super().__init__()
        self.block = nn.Sequential(*convolved(width, norm), nn.PReLU(), *convolved(width, norm))

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.block(maps)
        return maps + change


class Dense(nn.Module):
    """Five convolutions, each of which sees all that came before (ESRGAN, figure 4)."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        layers = [
            nn.Conv2d(width + growth * layer, width if layer == DENSE_LAYERS - 1 else growth, 3, 1, 1)
            for layer in range(DENSE_LAYERS)
        ]
        for each in layers:  # a tenth of He's: residual scaling's companion (section 3.1, "smaller initialization")
            nn.init.kaiming_normal_(each.weight, a=SLOPE)
            each.weight.data.mul_(0.1)
            if each.bias is not None:
                nn.init.zeros_(each.bias)
        self.layers = nn.ModuleList(layers)

    def forward(self, maps: Tensor) -> Tensor:
        seen = [maps]
        for layer in self.layers[:-1]:
            seen.append(nn.functional.leaky_relu(layer(torch.cat(seen, 1)), SLOPE))
        change: Tensor = self.layers[-1](torch.cat(seen, 1))
        return maps + SHARE * change


class ResidualInResidual(nn.Module):
    """Three dense blocks and a skip around them."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(Dense(width, growth) for _ in range(3)))

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.blocks(maps)
        return maps + SHARE * change


class Discriminator(nn.Module):
    """SRGAN's discriminator (figure 4): picture (N, C, H, W) -> logits (N,)."""

    def __init__(self, channels: int, size: tuple[int, int], width: int, *, norm: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, 1, 1), leaky()]
        before = width
        for level in range(4):
            after = width << level
            if level:
                layers += [*convolved(after, norm, before), leaky()]
            layers += [*convolved(after, norm, after, stride=2), leaky()]
            before = after
        cells = -(-size[0] // 16) * -(-size[1] // 16)
        self.maps = nn.Sequential(*layers)
        self.judge = nn.Sequential(
            nn.Flatten(), nn.Linear(before * cells, 2 * before), leaky(), nn.Linear(2 * before, 1), nn.Flatten(0)
        )

    def forward(self, data: Tensor, given: Tensor | None = None) -> Tensor:
        logits: Tensor = self.judge(self.maps(data))
        return logits


def convolved(after: int, norm: bool, before: int | None = None, stride: int = 1) -> tuple[nn.Module, ...]:
    """A 3 x 3 convolution, and its norm if there is one."""
    layer = nn.Conv2d(before or after, after, 3, stride, 1, bias=not norm)
    return (layer, nn.BatchNorm2d(after)) if norm else (layer,)


def shuffled(width: int) -> nn.Module:
    """A doubling by pixel shuffle (Shi et al. 2016, arXiv:1609.05158): four times the channels, laid out in space. At
    first all four are alike, or the picture begins as a chequerboard (Aitken et al. 2017, arXiv:1707.02937)."""
    layer = nn.Conv2d(width, 4 * width, 3, 1, 1)
    with torch.no_grad():
        for each in layer.parameters():
            each.copy_(each[::4].repeat_interleave(4, 0))
    return nn.Sequential(layer, nn.PixelShuffle(2), nn.PReLU())


def repeated(width: int) -> nn.Module:
    """A doubling by nearest neighbour and a convolution, as in ESRGAN's code."""
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, 1, 1), leaky())


def leaky() -> nn.Module:
    return nn.LeakyReLU(SLOPE, inplace=True)
