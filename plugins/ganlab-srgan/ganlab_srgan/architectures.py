"""`srresnet` and `rrdb`: what makes pictures large; SRGAN's discriminator goes with both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, Field, GeneratorShapes, RecipeError, Search, ViewShapes

if TYPE_CHECKING:
    from torch.nn import Module

Width = Annotated[int, Option(ge=1, le=1024), Search(16, 128, log=True)]
Blocks = Annotated[int, Option(ge=1, le=64)]
Over = Literal["nothing", "bicubic"]

SMALLEST = 16
"""Pixels of the shorter side that the discriminator's four halvings leave something of."""


class SRResNet(Architecture):
    """SRGAN's networks (Ledig et al. 2017, arXiv:1609.04802, figure 4).

    The generator: `blocks` residual blocks of `width` channels, doublings by pixel shuffle. `over` "bicubic": it makes
    the difference to the bicubic enlargement, which a short training begins better from; "nothing" is the paper's. The
    discriminator: eight convolutions, of `width` to 8 `width` channels. `norm`: batch norm, as in the paper, or none.
    """

    def __init__(
        self,
        *,
        width: Width = 64,
        blocks: Blocks = 16,
        norm: Literal["batch", "none"] = "batch",
        over: Over = "nothing",
    ) -> None:
        self._width = width
        self._blocks = blocks
        self._norm = norm == "batch"
        self._over: Over = over

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(low)` -> image, of any size."""
        from torch import nn

        from ganlab_srgan.networks import Enlarger, Residual, convolved, shuffled

        channels, factor = enlarging(shapes, "srresnet")
        return Enlarger(
            channels,
            self._width,
            factor,
            trunk=nn.Sequential(
                *(Residual(self._width, norm=self._norm) for _ in range(self._blocks)),
                *convolved(self._width, self._norm),
            ),
            doubling=shuffled,
            kernel=9,
            activation=nn.PReLU,
            over_bicubic=self._over == "bicubic",
        )

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(data, given=None)` -> logits (N,)."""
        from ganlab_srgan.networks import Discriminator

        data = shapes.data
        if data.kind != "image" or min(data.shape[1:]) < SMALLEST:
            raise RecipeError(
                f"'srresnet' judges pictures of {SMALLEST} x {SMALLEST} pixels or more, not {told(data)}; "
                "set the dataset's crop or size"
            )
        if shapes.given is not None:
            raise RecipeError("'srresnet' judges pictures alone; take 'patch' for the task's condition")
        channels, height, width = data.shape
        return Discriminator(channels, (height, width), self._width, norm=self._norm)


class RRDB(Architecture):
    """ESRGAN's generator (Wang et al. 2018, arXiv:1809.00219, section 3.1): `blocks` residual-in-residual dense blocks
    of `width` channels, in which each layer adds `growth`; no batch norm. `over` as in `srresnet`, which also builds
    the discriminator."""

    def __init__(self, *, width: Width = 64, blocks: Blocks = 23, growth: Width = 32, over: Over = "nothing") -> None:
        self._width = width
        self._blocks = blocks
        self._growth = growth
        self._over: Over = over

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(low)` -> image, of any size."""
        from torch import nn

        from ganlab_srgan.networks import Enlarger, ResidualInResidual, repeated

        channels, factor = enlarging(shapes, "rrdb")
        return Enlarger(
            channels,
            self._width,
            factor,
            trunk=nn.Sequential(
                *(ResidualInResidual(self._width, self._growth) for _ in range(self._blocks)),
                nn.Conv2d(self._width, self._width, 3, 1, 1),
            ),
            doubling=repeated,
            kernel=3,
            activation=nn.Identity,
            over_bicubic=self._over == "bicubic",
        )


def enlarging(shapes: GeneratorShapes, architecture: str) -> tuple[int, int]:
    """Channels, and how many times larger the one picture made is than the one given."""
    given, made = list(shapes.given.values()), list(shapes.sample.values())
    if len(given) == len(made) == 1 and given[0].kind == made[0].kind == "image":
        (channels, low, narrow), (others, high, wide) = given[0].shape, made[0].shape
        if channels == others and (high, wide) in [(low * factor, narrow * factor) for factor in (2, 4, 8)]:
            return channels, high // low
    raise RecipeError(
        f"'{architecture}' makes a picture 2, 4 or 8 times as large, and is to make {', '.join(map(told, made))} of "
        f"{', '.join(map(told, given)) or 'nothing'}; use it in the task 'super-resolution'"
    )


def told(field: Field) -> str:
    return f"{field.kind} {field.shape}"
