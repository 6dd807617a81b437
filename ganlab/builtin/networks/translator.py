"""CycleGAN's generator: a picture is halved twice, changed by residual blocks, and doubled back.

Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; after Johnson et al. 2016, arXiv:1603.08155.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ganlab import Field
from ganlab.builtin.networks.choices import Norm
from ganlab.builtin.networks.conditions import MapsAndSeed
from ganlab.builtin.networks.dropout import LatentDropout
from ganlab.builtin.networks.normalisation import normalisation


class Translator(nn.Module):
    """The given fields as maps -> image (N, C, H, W) in [-1, 1]; padding by reflection leaves no seams.

    A field of kind "seed" switches dropout on inside the residual blocks.
    """

    multiple = 4

    def __init__(
        self,
        given: Sequence[Field],
        channels: int,
        size: tuple[int, int],
        *,
        width: int,
        blocks: int,
        norm: Norm,
        dropout: float,
    ) -> None:
        super().__init__()
        bias = norm != "batch"
        self.read = MapsAndSeed(given, *size)
        self.halving = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_normed(nn.Conv2d(self.read.channels, width, 7, bias=bias), norm, width),
            *_normed(nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), norm, 2 * width),
            *_normed(nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=bias), norm, 4 * width),
        )
        self.blocks = nn.ModuleList(
            _Residual(4 * width, norm, bias, LatentDropout(dropout, level)) for level in range(blocks)
        )
        self.doubling = nn.Sequential(
            *_normed(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, 1, 1, bias=bias), norm, 2 * width),
            *_normed(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1, bias=bias), norm, width),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, channels, 7),
            nn.Tanh(),
        )

    def forward(self, *given: Tensor) -> Tensor:
        maps, seed = self.read(*given)
        maps = self.halving(maps)
        for block in self.blocks:
            maps = block(maps, seed)
        image: Tensor = self.doubling(maps)
        return image


class _Residual(nn.Module):
    def __init__(self, channels: int, norm: Norm, bias: bool, dropout: LatentDropout) -> None:
        super().__init__()
        self.enter = nn.Sequential(
            nn.ReflectionPad2d(1), *_normed(nn.Conv2d(channels, channels, 3, bias=bias), norm, channels)
        )
        self.dropout = dropout
        self.leave = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            normalisation(norm, channels, affine=norm != "instance"),
        )

    def forward(self, maps: Tensor, seed: Tensor | None) -> Tensor:
        inner = self.dropout(self.enter(maps), seed)
        return maps + self.leave(inner)  # type: ignore[no-any-return]


def _normed(layer: nn.Module, norm: Norm, channels: int) -> tuple[nn.Module, ...]:
    return layer, normalisation(norm, channels, affine=norm != "instance"), nn.ReLU(inplace=True)
