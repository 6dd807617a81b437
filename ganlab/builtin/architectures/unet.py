"""`unet`: pix2pix's generator, from a picture to a picture that keeps its outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, GeneratorShapes, RecipeError
from ganlab.builtin.architectures.sizes import made, pictures
from ganlab.builtin.networks.choices import Initialisation, Width

if TYPE_CHECKING:
    from torch.nn import Module

_DEEPEST = 8


class UNet(Architecture):
    """Isola et al. 2017, arXiv:1611.07004, section 6.1.1: `width` 64, doubled three times, 8 halvings for 256 x 256.

    `depth` left out is as many halvings as the size allows, 8 at most. If the task draws a seed, entries are dropped
    with probability `dropout` after the first `dropped` doublings (never after the last), when sampling too: that is
    the paper's only noise.
    """

    def __init__(
        self,
        *,
        width: Width = 64,
        depth: Annotated[int, Option(ge=2, le=10)] | None = None,
        norm: Literal["batch", "instance", "none"] = "batch",
        dropout: Annotated[float, Option(ge=0, lt=1)] = 0.5,
        dropped: Annotated[int, Option(ge=1, le=8)] = 3,
        init: Initialisation = "normal-0.02",
    ) -> None:
        self._width = width
        self._depth = depth
        self._norm: Literal["batch", "instance", "none"] = norm
        self._dropout = dropout
        self._dropped = dropped
        self._init = init

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(source, seed=None)` -> image (N, C, H, W) in [-1, 1]."""
        from ganlab.builtin.networks.initialisation import initialise
        from ganlab.builtin.networks.unet import UNetGenerator

        given = pictures(shapes, "unet")
        channels, height, width = made(shapes, "unet").shape
        depth = self._halvings(height, width)
        network = UNetGenerator(
            given,
            channels,
            [self._width << min(level, 3) for level in range(depth)],
            (height, width),
            norm=self._norm,
            dropout=self._dropout,
            dropped=min(self._dropped, depth - 1),
        )
        initialise(network, self._init)
        return network

    def _halvings(self, height: int, width: int) -> int:
        possible = max(level for level in range(_DEEPEST + 3) if height % 2**level == width % 2**level == 0)
        depth = min(possible, _DEEPEST) if self._depth is None else self._depth
        if not 2 <= depth <= possible:
            needed = 2 ** max(depth, 2)
            raise RecipeError(
                f"'unet' cannot halve {height} x {width} {max(depth, 2)} times: sides must be multiples of {needed}. "
                + (f"Set depth = {possible} or less, or the" if possible >= 2 else "Set the")
                + " dataset's size"
            )
        return depth
