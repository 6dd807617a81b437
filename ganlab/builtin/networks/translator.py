"""CycleGAN's generator: a picture is halved twice, changed by residual blocks, and doubled back.

Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; after Johnson et al. 2016, arXiv:1603.08155.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ganlab import Field
from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditions import Maps
from ganlab.builtin.networks.normalisation import normalisation


class Translator(nn.Module):
    """The given fields as maps -> image (N, C, H, W) in [-1, 1]. Reflection padding keeps borders free of artefacts."""

    def __init__(
        self,
        given: Sequence[Field],
        channels: int,
        size: tuple[int, int],
        *,
        width: int,
        blocks: int,
        norm: Norm,
    ) -> None:
        super().__init__()
        bias = norm != "batch"
        self.read = Maps(given, *size)
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_normed(nn.Conv2d(self.read.channels, width, 7, bias=bias), norm, width),
            *_normed(nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), norm, 2 * width),
            *_normed(nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=bias), norm, 4 * width),
            *(_Residual(4 * width, norm, bias) for _ in range(blocks)),
            *_normed(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, 1, bias=bias), norm, 2 * width),
            *_normed(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1, bias=bias), norm, width),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, channels, 7),
            nn.Tanh(),
        )

    def forward(self, *given: Tensor) -> Tensor:
        image: Tensor = self.layers(self.read(*given))
        return image


class _Residual(nn.Module):
    def __init__(self, channels: int, norm: Norm, bias: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_normed(nn.Conv2d(channels, channels, 3, bias=bias), norm, channels),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            normalisation(norm, channels, affine=norm != "instance"),
        )

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = self.layers(maps)
        return maps + changed


def _normed(layer: nn.Module, norm: Norm, channels: int) -> tuple[nn.Module, ...]:
    return layer, normalisation(norm, channels, affine=norm != "instance"), nn.ReLU(inplace=True)
