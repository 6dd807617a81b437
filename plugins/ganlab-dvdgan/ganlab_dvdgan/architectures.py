"""DVD-GAN's networks by name: `conv-gru` makes clips, `clip-resnet` judges them (arXiv:1907.06571)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field as Option

from ganlab import Architecture, Field, GeneratorShapes, RecipeError, Search, ViewShapes

if TYPE_CHECKING:
    from torch.nn import Module

Width = Annotated[int, Option(ge=1, le=4096), Search(16, 128, log=True)]


class ConvGru(Architecture):
    """A pyramid of convolutional GRUs: `width` channels next to the frame, twice as many each halving up to `widest`.

    There are `depth` halvings, left out as many as lead to 4 pixels; a GRU works at every size but the frame's own.
    `norm` "group" steers the norms of its blocks with the latent and the label. `moved`: a frame takes over from the
    one before it what has only moved; without, every frame is drawn afresh, as in the paper.
    """

    def __init__(
        self,
        *,
        width: Width = 32,
        widest: Width = 512,
        depth: Annotated[int, Option(ge=1, le=8)] | None = None,
        norm: Literal["group", "none"] = "group",
        moved: bool = False,
        spectral_norm: bool = True,
    ) -> None:
        self._width = width
        self._widest = widest
        self._depth = depth
        self._norm = norm
        self._moved = moved
        self._spectral = spectral_norm

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(*given)` -> clips (N, T, C, H, W) in [-1, 1], given frames, a latent, a label, or several."""
        from ganlab_dvdgan.generator import ClipGenerator
        from ganlab_dvdgan.layers import finished

        made = next(iter(shapes.sample.values()))
        clip(made, "conv-gru")
        depth = halvings(made, self._depth, "conv-gru")
        channels = [min(self._width << level, max(self._width, self._widest)) for level in reversed(range(depth + 1))]
        fields = list(shapes.given.values())
        network = ClipGenerator(fields, made, channels, norm=self._norm == "group", moved=self._moved)
        finished(network, spectral=self._spectral)
        if self._moved and not self._spectral:
            network.begin_still()
        return network


class ClipResNet(Architecture):
    """Residual blocks, the first two in space and time: `width` channels, doubled with every halving up to `widest`."""

    def __init__(self, *, width: Width = 32, widest: Width = 512, spectral_norm: bool = True) -> None:
        self._width = width
        self._widest = widest
        self._spectral = spectral_norm

    def discriminator(self, shapes: ViewShapes) -> Module:
        """`forward(clips, label=None)` -> logits (N,)."""
        from ganlab_dvdgan.discriminator import ClipDiscriminator
        from ganlab_dvdgan.layers import finished

        clip(shapes.data, "clip-resnet")
        if shapes.given is not None and shapes.given.kind != "category":
            raise RecipeError(f"'clip-resnet' judges clips beside a label, not beside a {shapes.given.kind}")
        depth = halvings(shapes.data, None, "clip-resnet")
        channels = [min(self._width << level, max(self._width, self._widest)) for level in range(depth)]
        network = ClipDiscriminator(shapes.data, shapes.given, channels, halvings=depth)
        return finished(network, spectral=self._spectral)


def clip(field: Field, name: str) -> None:
    """Raise `RecipeError` unless the field is a clip."""
    if field.kind != "video" or len(field.shape) != 4:
        raise RecipeError(f"'{name}' works on video (T, C, H, W), not on {field.kind} {field.shape}; take another")


def halvings(field: Field, depth: int | None, name: str) -> int:
    """How often the frames are halved: `depth` times, or until the shorter side is below 8. Raises `RecipeError`."""
    height, width = field.shape[2:]
    possible = 0
    while not (height >> possible) % 2 and not (width >> possible) % 2 and min(height, width) >> possible > 1:
        possible += 1
    wanted = depth if depth is not None else max(1, (min(height, width) // 4).bit_length() - 1)
    if wanted > possible:
        raise RecipeError(
            f"'{name}' cannot halve frames of {height} x {width} {wanted} times: sides must be multiples of "
            f"{2**wanted}. Set the dataset's size, or depth = {possible}"
        )
    return wanted
