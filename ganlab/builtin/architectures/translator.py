"""`translator`: CycleGAN's generator, for pictures that change their look and keep their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, GeneratorShapes, RecipeError
from ganlab.builtin.architectures.sizes import made, pictures
from ganlab.builtin.networks.choices import Initialisation, Width

if TYPE_CHECKING:
    from torch.nn import Module


class ResNetTranslator(Architecture):
    """Zhu et al. 2017, arXiv:1703.10593, appendix 7.2: two halvings, `blocks` residual blocks, two doublings.

    `blocks` left out is the paper's 9 for pictures of 256 pixels and more, 6 below. Sides: multiples of 4, 8 at least.
    If the task draws a seed, entries inside the blocks are dropped with probability `dropout`, when sampling too.
    """

    def __init__(
        self,
        *,
        width: Width = 64,
        blocks: Annotated[int, Option(ge=0, le=64)] | None = None,
        norm: Literal["batch", "instance", "none"] = "instance",
        dropout: Annotated[float, Option(ge=0, lt=1)] = 0.5,
        init: Initialisation = "normal-0.02",
    ) -> None:
        self._width = width
        self._blocks = blocks
        self._norm: Literal["batch", "instance", "none"] = norm
        self._dropout = dropout
        self._init = init

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(source, seed=None)` -> image (N, C, H, W) in [-1, 1]."""
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.translator import Translator

        given = pictures(shapes, "translator")
        channels, height, width = made(shapes, "translator").shape
        if height % 4 or width % 4 or min(height, width) < 8:
            raise RecipeError(
                f"'translator' halves twice and cannot work on {height} x {width}; "
                "both sides must be multiples of 4, 8 at least. Set the dataset's size"
            )
        blocks = (9 if min(height, width) >= 256 else 6) if self._blocks is None else self._blocks
        network = Translator(
            given,
            channels,
            (height, width),
            width=self._width,
            blocks=blocks,
            norm=self._norm,
            dropout=self._dropout,
        )
        initialise(network, self._init)
        return network
