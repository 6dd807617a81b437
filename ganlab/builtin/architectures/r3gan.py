"""`r3gan`: the modern baseline, without norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, GeneratorShapes, ViewShapes
from ganlab.builtin.architectures.sizes import Doublings, doublings, made, vectors
from ganlab.builtin.networks.choices import LabelSize

if TYPE_CHECKING:
    from torch.nn import Module


class R3GAN(Architecture):
    """Huang et al. 2024, arXiv:2501.05441, section 4, configuration E; played with relativistic pairing, R1 and R2.

    `width` channels in the first stage and after the first `wide_doublings` (3: up to 32 pixels), halved with every
    doubling beyond. The paper: 768, with 2 `blocks` a stage. R1 and R2 differentiate every convolution twice, and
    those at full size are by far the dearest: a CPU wants few `wide_doublings`. Images come out unbounded, as in the
    paper.
    """

    def __init__(
        self,
        *,
        width: Annotated[int, Option(ge=16, le=4096, multiple_of=16)] = 128,
        blocks: Annotated[int, Option(ge=1, le=32)] = 2,
        wide_doublings: Annotated[int, Option(ge=0, le=10)] = 3,
        label_size: LabelSize = 64,
        init: Literal["fixup", "normal-0.02", "orthogonal", "kaiming", "xavier", "default"] = "fixup",
    ) -> None:
        self._width = width
        self._blocks = blocks
        self._wide_doublings = wide_doublings
        self._label_size = label_size
        self._init: Literal["fixup", "normal-0.02", "orthogonal", "kaiming", "xavier", "default"] = init

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(latent, label=None)` -> image (N, C, H, W)."""
        from ganlab.builtin.networks.r3gan import R3GANGenerator

        image = made(shapes, "r3gan")
        plan = doublings(image, "r3gan")
        return self._finished(
            R3GANGenerator(
                vectors(shapes, "r3gan"),
                image.shape[0],
                plan.smallest,
                self._widths(plan),
                blocks=self._blocks,
                label_size=self._label_size,
            )
        )

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(data, given=None)` -> logits (N,)."""
        from ganlab.builtin.networks.r3gan import R3GANDiscriminator

        plan = doublings(shapes.data, "r3gan")
        return self._finished(
            R3GANDiscriminator(
                shapes.data,
                shapes.given,
                plan.smallest,
                self._widths(plan),
                blocks=self._blocks,
                label_size=self._label_size,
            )
        )

    def _widths(self, plan: Doublings) -> tuple[int, ...]:
        """Channels of each stage from the smallest maps up, in groups of 16 that a bottleneck can widen to."""
        halved = [self._width >> max(level - self._wide_doublings, 0) for level in range(plan.count + 1)]
        return tuple(max(each // 16 * 16, 16) for each in halved)

    def _finished(self, network: Module) -> Module:
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.r3gan import fix_up

        if self._init == "fixup":
            fix_up(network)
        else:
            initialise(network, self._init)
        return network
