"""Shapes no network can be built for are refused in one line that says what is possible."""

from __future__ import annotations

import pytest

from ganlab import Architecture, Field, GeneratorShapes, RecipeError, ViewShapes
from ganlab.builtin.architectures.dcgan import DCGAN
from ganlab.builtin.architectures.mlp import MLP
from ganlab.builtin.architectures.patch import Patch
from ganlab.builtin.architectures.r3gan import R3GAN
from ganlab.builtin.architectures.resnet import ResNet
from ganlab.builtin.architectures.sizes import doublings
from ganlab.builtin.architectures.translator import ResNetTranslator
from ganlab.builtin.architectures.unet import UNet

LATENT = Field("latent", (16,))


def image(height: int, width: int | None = None) -> Field:
    return Field("image", (3, height, width or height))


@pytest.mark.parametrize(
    ("height", "width", "smallest", "count"),
    [
        (8, 8, (4, 4), 1),
        (12, 12, (6, 6), 1),
        (16, 16, (4, 4), 2),
        (24, 32, (6, 8), 2),
        (28, 28, (7, 7), 2),
        (32, 32, (4, 4), 3),
        (32, 64, (4, 8), 3),
        (48, 48, (6, 6), 3),
        (64, 64, (4, 4), 4),
        (256, 128, (8, 4), 5),
        (1024, 1024, (4, 4), 8),
    ],
)
def test_sides_are_four_to_seven_pixels_doubled(height: int, width: int, smallest: tuple[int, int], count: int) -> None:
    plan = doublings(image(height, width), "dcgan")
    assert (plan.smallest, plan.count) == (smallest, count)


@pytest.mark.parametrize("architecture", [DCGAN(), ResNet(), R3GAN()], ids=["dcgan", "resnet", "r3gan"])
@pytest.mark.parametrize(("height", "width"), [(30, 30), (7, 7), (4, 4), (32, 36), (33, 33)])
def test_other_sides_are_refused_by_generator_and_discriminator(
    architecture: Architecture, height: int, width: int
) -> None:
    with pytest.raises(RecipeError, match=f"images of {height} x {width}"):
        architecture.generator(GeneratorShapes({"latent": LATENT}, {"image": image(height, width)}))
    with pytest.raises(RecipeError, match=f"images of {height} x {width}"):
        architecture.discriminator(ViewShapes(image(height, width)))


def test_the_nearest_possible_sides_are_named() -> None:
    with pytest.raises(RecipeError, match="nearest: 28 and 32"):
        doublings(image(30), "dcgan")


@pytest.mark.parametrize("architecture", [DCGAN(), ResNet(), R3GAN(), Patch()])
def test_points_are_sent_to_the_perceptron(architecture: Architecture) -> None:
    with pytest.raises(RecipeError, match="'mlp' takes any shape"):
        architecture.discriminator(ViewShapes(Field("point", (2,))))


@pytest.mark.parametrize(
    ("unet", "size", "advice"),
    [(UNet(), 30, "multiples of 4"), (UNet(depth=5), 24, "depth = 3 or less"), (UNet(depth=3), 20, "multiples of 8")],
)
def test_a_unet_says_what_its_depth_needs(unet: UNet, size: int, advice: str) -> None:
    with pytest.raises(RecipeError, match=advice):
        unet.generator(GeneratorShapes({"source": image(size)}, {"target": image(size)}))


@pytest.mark.parametrize("architecture", [UNet(), ResNetTranslator()])
def test_a_translator_needs_an_image_to_begin_with(architecture: Architecture) -> None:
    with pytest.raises(RecipeError, match="is given latent"):
        architecture.generator(GeneratorShapes({"latent": LATENT}, {"target": image(32)}))


def test_a_translator_needs_multiples_of_four() -> None:
    with pytest.raises(RecipeError, match="multiples of 4"):
        ResNetTranslator().generator(GeneratorShapes({"source": image(18)}, {"target": image(18)}))


def test_too_many_patch_layers_are_refused_and_the_most_that_fit_are_named() -> None:
    with pytest.raises(RecipeError, match="layers = 3 or less"):
        Patch(layers=4).discriminator(ViewShapes(image(32)))
    Patch(layers=3, width=4).discriminator(ViewShapes(image(32)))
    with pytest.raises(RecipeError, match="6 pixels at least"):
        Patch(layers=1).discriminator(ViewShapes(image(5)))


def test_attention_where_no_maps_are_is_refused_and_the_possible_sides_are_named() -> None:
    with pytest.raises(RecipeError, match="attention can be 8 or 16 or 32 here"):
        ResNet(attention=7).generator(GeneratorShapes({"latent": LATENT}, {"image": image(32)}))
    with pytest.raises(RecipeError, match="attention can be 8 or 16 here"):
        ResNet(attention=32).discriminator(ViewShapes(image(32)))


def test_nothing_to_generate_from_two_things_to_make_and_a_seed_are_refused() -> None:
    with pytest.raises(RecipeError, match="nothing to generate from"):
        MLP().generator(GeneratorShapes({}, {"image": image(8)}))
    with pytest.raises(RecipeError, match="asks for 2: left, right"):
        MLP().generator(GeneratorShapes({"latent": LATENT}, {"left": image(8), "right": image(8)}))
    with pytest.raises(RecipeError, match="unet or translator"):
        MLP().generator(GeneratorShapes({"source": image(8), "noise": Field("seed")}, {"target": image(8)}))


def test_half_an_architecture_says_so() -> None:
    with pytest.raises(RecipeError, match="builds no discriminator"):
        UNet().discriminator(ViewShapes(image(32)))
    with pytest.raises(RecipeError, match="builds no generator"):
        Patch().generator(GeneratorShapes({"latent": LATENT}, {"image": image(32)}))
