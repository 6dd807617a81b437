"""Standard settings against the numbers of parameters counted by hand and published."""

from __future__ import annotations

from itertools import pairwise

import pytest
from torch import nn

from ganlab import Field, GeneratorShapes, ViewShapes
from ganlab.builtin.architectures.dcgan import DCGAN
from ganlab.builtin.architectures.mlp import MLP
from ganlab.builtin.architectures.patch import Patch
from ganlab.builtin.architectures.r3gan import R3GAN
from ganlab.builtin.architectures.resnet import ResNet
from ganlab.builtin.architectures.translator import ResNetTranslator
from ganlab.builtin.architectures.unet import UNet


def image(size: int, channels: int = 3) -> Field:
    return Field("image", (channels, size, size))


def from_noise(latent_size: int, size: int) -> GeneratorShapes:
    return GeneratorShapes({"latent": Field("latent", (latent_size,))}, {"image": image(size)})


def from_image(size: int) -> GeneratorShapes:
    return GeneratorShapes({"source": image(size)}, {"target": image(size)})


def count(network: nn.Module) -> int:
    return sum(each.numel() for each in network.parameters())


def test_dcgan_at_64_pixels_is_the_pytorch_example() -> None:
    kernels = 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3)
    norms = 2 * (512 + 256 + 128 + 64)
    assert count(DCGAN().generator(from_noise(100, 64))) == kernels + norms == 3_576_704
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 1)
    norms = 2 * (128 + 256 + 512)
    assert count(DCGAN().discriminator(ViewShapes(image(64)))) == kernels + norms == 2_765_568


def test_dcgan_at_32_pixels_has_one_layer_less() -> None:
    kernels = 16 * (100 * 256 + 256 * 128 + 128 * 64 + 64 * 3)
    assert count(DCGAN().generator(from_noise(100, 32))) == kernels + 2 * (256 + 128 + 64)
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 1)
    assert count(DCGAN().discriminator(ViewShapes(image(32)))) == kernels + 2 * (128 + 256)


def test_dcgan_of_the_paper_has_five_by_five_kernels_and_1024_channels() -> None:
    kernels = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3) + 16 * 100 * 1024
    built = DCGAN(width=128, kernel=5).generator(from_noise(100, 64))
    assert count(built) == kernels + 2 * (1024 + 512 + 256 + 128)


def test_widest_caps_the_channels() -> None:
    kernels = 16 * (100 * 128 + 128 * 128 + 128 * 64 + 64 * 3)
    assert count(DCGAN(widest=128).generator(from_noise(100, 32))) == kernels + 2 * (128 + 128 + 64)


def test_resnet_for_cifar_is_sngan() -> None:
    block = 2 * 2 * 256 + 2 * (9 * 256 * 256 + 256) + (256 * 256 + 256)
    by_hand = (128 * 4096 + 4096) + 3 * block + 2 * 256 + (9 * 256 * 3 + 3)
    assert count(ResNet(width=256).generator(from_noise(128, 32))) == by_hand == 4_276_739
    conv, shortcut = 9 * 128 * 128 + 128, 128 * 128 + 128
    first = (9 * 3 * 128 + 128) + conv + (3 * 128 + 128)
    by_hand = first + (2 * conv + shortcut) + 2 * 2 * conv + 129
    assert count(ResNet(width=128).discriminator(ViewShapes(image(32)))) == by_hand == 1_053_825


def test_a_label_costs_a_vector_in_the_projection_and_a_gain_and_shift_per_norm() -> None:
    label = Field("category", (), 10)
    plain, labelled = (
        ResNet().discriminator(ViewShapes(image(32))),
        ResNet().discriminator(ViewShapes(image(32), label)),
    )
    assert count(labelled) - count(plain) == 10 * 128
    shapes = GeneratorShapes({"latent": Field("latent", (128,)), "label": label}, {"image": image(32)})
    assert count(ResNet().generator(shapes)) - count(ResNet().generator(from_noise(128, 32))) == 9 * 2 * 6 * 128


def test_unet_at_256_pixels_is_pix2pix_with_54_million() -> None:
    down = [3, 64, 128, 256, 512, 512, 512, 512, 512]
    up = [(512, 512), (1024, 512), (1024, 512), (1024, 512), (1024, 256), (512, 128), (256, 64), (128, 3)]
    kernels = 16 * (sum(a * b for a, b in pairwise(down)) + sum(a * b for a, b in up))
    norms = 2 * (sum(down[2:8]) + sum(after for _, after in up[:-1]))
    assert count(UNet().generator(from_image(256))) == kernels + norms + 3 == 54_413_955


def test_patch_with_three_layers_is_pix2pix_with_2_8_million() -> None:
    kernels = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 1)
    by_hand = kernels + (64 + 1) + 2 * (128 + 256 + 512)
    assert count(Patch().discriminator(ViewShapes(image(256), image(256)))) == by_hand == 2_768_705


def test_translator_with_nine_blocks_is_cyclegan_with_11_million() -> None:
    outer = (49 * 3 * 64 + 64) + (49 * 64 * 3 + 3)
    halvings = (9 * 64 * 128 + 128) + (9 * 128 * 256 + 256)
    doublings = (9 * 256 * 128 + 128) + (9 * 128 * 64 + 64)
    blocks = 9 * 2 * (9 * 256 * 256 + 256)
    assert count(ResNetTranslator().generator(from_image(256))) == outer + halvings + doublings + blocks == 11_378_179


def test_r3gan_counts_its_bottlenecks() -> None:
    def bottleneck(width: int) -> int:
        inner = 2 * width
        return (width * inner + inner) + (9 * 16 * inner + inner) + inner * width

    generator, discriminator = R3GAN(width=32, blocks=1), R3GAN(width=32, blocks=1)
    by_hand = 32 * 16 + 64 * 32 + (4 * bottleneck(32)) + 32 * 3
    assert count(generator.generator(from_noise(64, 32))) == by_hand
    by_hand = 3 * 32 + 4 * bottleneck(32) + 32 * 16 + 32
    assert count(discriminator.discriminator(ViewShapes(image(32)))) == by_hand


@pytest.mark.parametrize(
    ("options", "widths"),
    [({}, [64, 64, 64, 64, 32, 16]), ({"wide_doublings": 1}, [64, 64, 32, 16, 16, 16])],
)
def test_r3gan_halves_its_width_beyond_32_pixels_or_earlier(options: dict[str, int], widths: list[int]) -> None:
    built = R3GAN(width=64, blocks=1, **options).generator(from_noise(64, 128))
    assert [layer.narrow.out_channels for layer in built.layers if type(layer).__name__ == "Bottleneck"] == widths


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_perceptron_has_as_many_hidden_layers_as_told(depth: int) -> None:
    point = Field("point", (2,))
    built = MLP(width=10, depth=depth).discriminator(ViewShapes(point))
    by_hand = (2 * 10 + 10) + (depth - 1) * (10 * 10 + 10) + 11 if depth else 3
    assert count(built) == by_hand
