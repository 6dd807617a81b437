"""The networks: what they make, of which sizes, and that a picture made in tiles is the picture made whole."""

from itertools import pairwise

import pytest
import torch
from ganlab_srgan import RRDB, SRResNet
from ganlab_srgan.networks import shuffled
from ganlab_srgan.scaling import enlarged

import ganlab.testing
from ganlab import Field, GeneratorShapes, ViewShapes


def enlarging(factor, channels=3, side=32):
    low = Field("image", (channels, side // factor, side // factor))
    return GeneratorShapes({"low": low}, {"image": Field("image", (channels, side, side))})


BOTH = (enlarging(2), enlarging(4), enlarging(4, channels=1))


class TestSRResNet(ganlab.testing.ArchitectureConformance):
    generators = BOTH
    discriminators = (ViewShapes(Field("image", (3, 32, 32))), ViewShapes(Field("image", (1, 48, 20))))

    def make(self):
        return SRResNet(width=4, blocks=2)


class TestOverBicubic(ganlab.testing.ArchitectureConformance):
    generators = BOTH
    discriminators = (ViewShapes(Field("image", (3, 32, 32))),)

    def make(self):
        return SRResNet(width=4, blocks=1, norm="none", over="bicubic")


class TestRRDB(ganlab.testing.ArchitectureConformance):
    generators = BOTH
    discriminators = ()

    def make(self):
        return RRDB(width=4, blocks=2, growth=3)


def test_srgans_generator_has_as_many_weights_as_in_the_paper():
    """Counted by hand from figure 4: 64 channels, 16 blocks, two doublings."""
    enter, leave = 3 * 64 * 81 + 64 + 1, 64 * 3 * 81 + 3
    block = 2 * (64 * 64 * 9 + 2 * 64) + 1
    doubling = 64 * 256 * 9 + 256 + 1
    wanted = enter + 16 * block + (64 * 64 * 9 + 2 * 64) + 2 * doubling + leave
    made = SRResNet().generator(enlarging(4, side=96))
    assert sum(each.numel() for each in made.parameters()) == wanted


def test_srgans_discriminator_has_as_many_weights_as_in_the_paper():
    channels = [64, 64, 128, 128, 256, 256, 512, 512]
    convolutions = 3 * 64 * 9 + 64 + sum(a * b * 9 + 2 * b for a, b in pairwise(channels))
    wanted = convolutions + 512 * 36 * 1024 + 1024 + 1024 + 1
    made = SRResNet().discriminator(ViewShapes(Field("image", (3, 96, 96))))
    assert sum(each.numel() for each in made.parameters()) == wanted


@pytest.mark.parametrize(
    "architecture", [SRResNet(width=4, blocks=1), RRDB(width=4, blocks=1, growth=2, over="bicubic")]
)
def test_a_part_far_from_the_border_comes_out_the_same_alone(architecture):
    torch.manual_seed(0)
    network = architecture.generator(enlarging(4)).eval()
    low = ganlab.testing.ToyRandom(1).uniform(3, 48, 40, low=-1.0)
    with torch.no_grad():
        whole, part = network(low), network(low[..., 4:44, :])
    assert torch.allclose(whole[..., 80:112, :], part[..., 64:96, :], atol=1e-5)


def test_over_bicubic_a_generator_begins_as_bicubic():
    low = ganlab.testing.ToyRandom(2).uniform(3, 8, 8, low=-1.0)
    network = SRResNet(width=4, blocks=1, over="bicubic").generator(enlarging(4))
    assert torch.equal(network(low), enlarged(low, 4))


def test_a_doubling_begins_without_a_chequerboard():
    maps = shuffled(4)(ganlab.testing.ToyRandom(2).normal(4, 5, 6))
    assert torch.equal(maps, maps[..., ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_shapes_it_cannot_work_on_are_told():
    with pytest.raises(ganlab.RecipeError, match=r"2, 4 or 8 times as large, and is to make image \(3, 32, 32\)"):
        RRDB().generator(GeneratorShapes({"latent": Field("latent", (8,))}, {"image": Field("image", (3, 32, 32))}))
    with pytest.raises(ganlab.RecipeError, match="16 x 16 pixels or more"):
        SRResNet().discriminator(ViewShapes(Field("image", (3, 12, 40))))
    with pytest.raises(ganlab.RecipeError, match="judges pictures alone"):
        SRResNet().discriminator(ViewShapes(Field("image", (3, 32, 32)), Field("image", (3, 8, 8))))
    with pytest.raises(ganlab.RecipeError, match="builds no discriminator"):
        RRDB().discriminator(ViewShapes(Field("image", (3, 32, 32))))
