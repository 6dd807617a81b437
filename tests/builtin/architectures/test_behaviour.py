"""What sets each architecture apart from the others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganlab import Field, GeneratorShapes, Verdict, ViewShapes
from ganlab.builtin.architectures.dcgan import DCGAN
from ganlab.builtin.architectures.mlp import MLP
from ganlab.builtin.architectures.patch import Patch
from ganlab.builtin.architectures.r3gan import R3GAN
from ganlab.builtin.architectures.resnet import ResNet
from ganlab.builtin.architectures.translator import ResNetTranslator
from ganlab.builtin.architectures.unet import UNet

LATENT = Field("latent", (8,))
LABEL = Field("category", (), 3)
SEED = Field("seed")


def image(height: int, width: int | None = None, channels: int = 3) -> Field:
    return Field("image", (channels, height, width or height))


@pytest.mark.parametrize("architecture", [DCGAN(width=4), ResNet(width=4), R3GAN(width=16, blocks=1)])
@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (2, 16, 16), (3, 32, 32), (1, 28, 28), (4, 16, 32), (5, 24, 32), (3, 64, 64)]
)
def test_images_of_many_shapes_are_made_and_judged(
    architecture: DCGAN | ResNet | R3GAN, shape: tuple[int, int, int]
) -> None:
    field = Field("image", shape)
    made = architecture.generator(GeneratorShapes({"latent": LATENT}, {"image": field}))(torch.randn(2, 8))
    assert made.shape == (2, *shape)
    assert architecture.discriminator(ViewShapes(field))(made).shape == (2,)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 32), (24, 40), (256, 256), (4, 12)])
def test_a_unet_and_a_translator_keep_the_size(height: int, width: int) -> None:
    shapes = GeneratorShapes({"source": image(height, width)}, {"target": image(height, width, channels=1)})
    source = torch.randn(2, 3, height, width)
    assert UNet(width=2).generator(shapes)(source).shape == (2, 1, height, width)
    if min(height, width) >= 8:
        assert ResNetTranslator(width=2, blocks=1).generator(shapes)(source).shape == (2, 1, height, width)


@pytest.mark.parametrize(("shape", "kind"), [((3, 4, 8, 8), "video"), ((1, 4, 4, 4), "volume"), ((7,), "vector")])
def test_a_perceptron_makes_any_shape(shape: tuple[int, ...], kind: str) -> None:
    field = Field(kind, shape)
    made = MLP(width=8).generator(GeneratorShapes({"latent": LATENT}, {"thing": field}))(torch.randn(2, 8))
    assert made.shape == (2, *shape)
    assert MLP(width=8).discriminator(ViewShapes(field, LABEL))(made, torch.tensor([0, 2])).shape == (2,)


@pytest.mark.parametrize(
    ("kind", "output", "bounded"),
    [("image", None, True), ("vector", None, False), ("image", "linear", False), ("vector", "tanh", True)],
)
def test_a_perceptron_ends_in_tanh_for_pictures_only_unless_told(kind: str, output: str | None, bounded: bool) -> None:
    field = Field(kind, (1, 2, 2))
    build = MLP(width=8, output=output).generator  # type: ignore[arg-type]
    made = build(GeneratorShapes({"latent": LATENT}, {"thing": field}))(1e4 * torch.randn(32, 8))
    assert (made.abs().max().item() <= 1) is bounded


@pytest.mark.parametrize(("layers", "patch"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_a_logit_sees_a_patch_of_the_papers_size(layers: int, patch: int) -> None:
    size = 320 if layers == 5 else 192
    network = Patch(width=1, layers=layers, norm="none").discriminator(ViewShapes(image(size, channels=1)))
    for each in network.parameters():
        nn.init.constant_(each, 0.1)
    data = torch.ones(1, 1, size, size, requires_grad=True)
    logits = network(data)
    (slope,) = torch.autograd.grad(logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2], data)
    rows = slope[0, 0].abs().sum(1).nonzero().flatten()
    assert (rows[-1] - rows[0] + 1).item() == patch


def test_pix2pix_judges_256_pixels_by_a_map_of_30() -> None:
    network = Patch(width=2).discriminator(ViewShapes(image(256), image(256)))
    assert network(torch.randn(1, 3, 256, 256), torch.randn(1, 3, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize("architecture", [Patch(width=2, layers=2, features=True), DCGAN(width=2, features=True)])
def test_features_are_told_layer_by_layer_without_changing_the_logits(architecture: Patch | DCGAN) -> None:
    network = architecture.discriminator(ViewShapes(image(32)))
    verdict = network(torch.randn(2, 3, 32, 32))
    assert isinstance(verdict, Verdict)
    features = verdict.extras["features"]
    assert [each.shape[2] for each in features] == ([16, 8, 7] if verdict.judgements[""].ndim == 4 else [16, 8, 4])
    assert torch.equal(network.judge.end(features[-1]), verdict.judgements[""])


@pytest.mark.parametrize(
    "architecture", [UNet(width=4, init="kaiming"), ResNetTranslator(width=4, blocks=2, init="kaiming")]
)
def test_a_seed_makes_variety_that_can_be_replayed_in_any_batch_and_mode(
    architecture: UNet | ResNetTranslator,
) -> None:
    shapes = GeneratorShapes({"source": image(32), "noise": SEED}, {"target": image(32)})
    network = architecture.generator(shapes).eval()
    source, seeds = torch.randn(1, 3, 32, 32).expand(3, -1, -1, -1), torch.tensor([1, 2, 1])
    made = network(source, seeds)
    assert torch.equal(made[0], made[2])
    assert (made[0] - made[1]).abs().mean().item() > 0.01
    assert torch.allclose(network(source[:1], seeds[1:2])[0], made[1], atol=1e-5)


@pytest.mark.parametrize("build", [UNet, ResNetTranslator])
def test_without_dropout_a_seed_changes_nothing(build: type[UNet] | type[ResNetTranslator]) -> None:
    shapes = GeneratorShapes({"source": image(32), "noise": SEED}, {"target": image(32)})
    network = build(width=4, dropout=0.0).generator(shapes).eval()
    source = torch.randn(2, 3, 32, 32)
    assert torch.equal(network(source, torch.tensor([1, 2])), network(source, torch.tensor([3, 4])))


@pytest.mark.parametrize(
    ("options", "size", "halvings"), [({}, 256, 8), ({}, 512, 8), ({}, 32, 5), ({}, 24, 3), ({"depth": 4}, 64, 4)]
)
def test_a_unet_is_as_deep_as_the_size_allows_up_to_eight(options: dict[str, int], size: int, halvings: int) -> None:
    network = UNet(width=1, **options).generator(  # type: ignore[arg-type]
        GeneratorShapes({"source": image(size)}, {"target": image(size)})
    )
    assert len(network.halvings) == halvings == len(network.doublings) + 1


def test_a_unet_takes_one_sample_in_training_though_its_innermost_maps_are_one_pixel() -> None:
    network = UNet(width=4).generator(GeneratorShapes({"source": image(32)}, {"target": image(32)})).train()
    assert network(torch.randn(1, 3, 32, 32)).isfinite().all()


def test_the_classes_of_a_resnet_share_filters_and_differ_in_gains() -> None:
    shapes = GeneratorShapes({"latent": LATENT, "label": LABEL}, {"image": image(16)})
    network = ResNet(width=8).generator(shapes).eval()
    latents, labels = torch.randn(1, 8).expand(3, -1), torch.tensor([0, 1, 2])
    assert torch.allclose(network(latents, labels)[0], network(latents, labels)[1])  # until trained
    nn.init.constant_(network.blocks[0].norm1.gain[1], 2.0)
    made: Tensor = network(latents, labels)
    assert torch.allclose(made[0], made[2])
    assert not torch.allclose(made[0], made[1], atol=1e-4)


def test_a_projection_adds_the_inner_product_of_class_and_features_to_the_logit() -> None:
    network = ResNet(width=8, spectral_norm=False).discriminator(ViewShapes(image(16), LABEL))
    data, labels = torch.randn(2, 3, 16, 16), torch.tensor([0, 2])
    features = network.layers(data).sum((2, 3))
    by_hand = network.end(features).flatten() + (features * network.project.embed.weight[labels]).sum(1)
    assert torch.allclose(network(data, labels), by_hand, atol=1e-5)


def test_the_discriminator_of_a_resnet_is_spectrally_normed_unless_told_and_its_generator_is_not() -> None:
    shapes = GeneratorShapes({"latent": LATENT}, {"image": image(16)})

    def normed(network: nn.Module) -> bool:
        return any("parametrizations" in name for name, _ in network.named_parameters())

    assert normed(ResNet(width=4).discriminator(ViewShapes(image(16))))
    assert not normed(ResNet(width=4, spectral_norm=False).discriminator(ViewShapes(image(16))))
    assert not normed(ResNet(width=4).generator(shapes))
    assert normed(ResNet(width=4, spectral_norm=True).generator(shapes))


def test_the_first_layer_of_a_dcgan_discriminator_is_never_normed() -> None:
    network = DCGAN(width=4).discriminator(ViewShapes(image(32)))
    normed = [any(isinstance(part, nn.BatchNorm2d) for part in stage.modules()) for stage in network.judge.stages]
    assert normed == [False, True, True]


def test_dcgan_begins_at_two_hundredths() -> None:
    network = DCGAN().generator(GeneratorShapes({"latent": LATENT}, {"image": image(64)}))
    weights = torch.cat([each.flatten() for name, each in network.named_parameters() if each.ndim > 1])
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)


def test_r3gan_begins_as_a_network_without_branches() -> None:
    network = R3GAN(width=16, blocks=3).generator(GeneratorShapes({"latent": LATENT}, {"image": image(16)}))
    latents = torch.randn(2, 8)
    trunk = network.basis * network.modulate(latents)[:, :, None, None]
    for _ in range(2):
        trunk = nn.functional.interpolate(trunk, scale_factor=2.0, mode="bilinear")
    assert torch.allclose(network(latents), network.layers[-1](trunk), atol=1e-5)


def test_a_logit_per_class_is_taken_at_the_label() -> None:
    import torch

    from ganlab import Field, ViewShapes
    from ganlab.builtin.architectures.dcgan import DCGAN

    shapes = ViewShapes(Field("image", (1, 8, 8)), Field("category", (), 3))
    judge = DCGAN(width=4, norm="none", label_reading="logit-per-class").discriminator(shapes)
    image = torch.randn(1, 1, 8, 8).repeat(3, 1, 1, 1)
    logits = judge(image, torch.tensor([0, 1, 2]))
    assert logits.shape == (3,)
    assert len(set(logits.tolist())) == 3
    assert torch.equal(judge(image, torch.tensor([1, 1, 1])), logits[1].expand(3))
