"""`resnet`: residual blocks, class-conditional norms and the projection discriminator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, GeneratorShapes, RecipeError, ViewShapes
from ganlab.builtin.architectures.sizes import Doublings, doublings, made, vectors
from ganlab.builtin.networks.choices import Initialisation, LabelSize, Width

if TYPE_CHECKING:
    from torch.nn import Module


class ResNet(Architecture):
    """SNGAN's networks (Miyato et al. 2018, arXiv:1802.05957, appendix B; arXiv:1802.05637) and BigGAN's attention.

    `plan` "flat": `width` channels everywhere, and the discriminator keeps maps of 8 x 8 for two more blocks (CIFAR-10:
    width 256 in the generator, 128 in the discriminator). "pyramid": `width` next to the image, doubled with every
    halving up to `widest`, down to 4 x 4 and one more block (ImageNet: width 64).
    `norm` left out is batch in the generator and none in the discriminator, `spectral_norm` left out is off in the
    generator and on in the discriminator. `attention` is the shorter side of the maps that attend to themselves.
    """

    def __init__(
        self,
        *,
        width: Width = 128,
        widest: Width = 1024,
        plan: Literal["flat", "pyramid"] = "flat",
        norm: Literal["batch", "instance", "layer", "group", "none"] | None = None,
        spectral_norm: bool | None = None,
        attention: Annotated[int, Option(ge=4, le=1024)] | None = None,
        label_size: LabelSize = 128,
        init: Initialisation = "xavier",
    ) -> None:
        self._width = width
        self._widest = widest
        self._flat = plan == "flat"
        self._norm = norm
        self._spectral_norm = spectral_norm
        self._attention = attention
        self._label_size = label_size
        self._init = init

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(latent, label=None)` -> image (N, C, H, W) in [-1, 1]."""
        from ganlab.builtin.networks.resnet import ResNetGenerator

        image = made(shapes, "resnet")
        plan = doublings(image, "resnet")
        self._check_attention(plan, range(1, plan.count + 1))
        network = ResNetGenerator(
            vectors(shapes, "resnet"),
            image.shape[0],
            plan.smallest,
            [self._channels(level) for level in reversed(range(plan.count + 1))],
            norm=self._norm or "batch",
            attention=self._attention,
            label_size=self._label_size,
        )
        return self._finished(network, spectral=bool(self._spectral_norm))

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(data, given=None)` -> logits (N,)."""
        from ganlab.builtin.networks.resnet import ResNetDiscriminator

        plan = doublings(shapes.data, "resnet")
        halvings = plan.count - 1 if self._flat else plan.count
        self._check_attention(plan, range(plan.count - halvings, plan.count))
        blocks = halvings + (2 if self._flat else 1)
        network = ResNetDiscriminator(
            shapes.data,
            shapes.given,
            [self._channels(min(level, halvings - 1)) for level in range(blocks)],
            halvings=halvings,
            norm=self._norm or "none",
            attention=self._attention,
        )
        return self._finished(network, spectral=self._spectral_norm is not False)

    def _channels(self, level: int) -> int:
        """Channels `level` halvings away from the image."""
        return self._width if self._flat else min(self._width << level, max(self._width, self._widest))

    def _check_attention(self, plan: Doublings, levels: range) -> None:
        sides = [min(plan.smallest) << level for level in levels]
        if self._attention is not None and self._attention not in sides:
            raise RecipeError(
                f"'resnet' has no maps of side {self._attention} to attend to; "
                f"attention can be {' or '.join(map(str, sides)) or 'left out only'} here"
            )

    def _finished(self, network: Module, *, spectral: bool) -> Module:
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.normalisation import divide_by_spectral_norm

        initialise(network, self._init)
        if spectral:
            divide_by_spectral_norm(network)
        return network
