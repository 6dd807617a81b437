"""DVD-GAN's networks by name (arXiv:1907.06571): `conv-gru` and `moving-layers` make clips, `clip-resnet` judges."""

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
        channels = pyramid(self._width, self._widest, depth + 1)[::-1]
        fields = list(shapes.given.values())
        network = ClipGenerator(fields, made, channels, norm=self._norm == "group", moved=self._moved)
        finished(network, spectral=self._spectral)
        if self._moved and not self._spectral:
            network.begin_still()
        return network


class MovingLayers(Architecture):
    """`layers` that are drawn once for a clip and moved over a still background; a convolutional GRU says where to.

    `width` channels next to the frame, twice as many each of `depth` halvings, left out as for `conv-gru`, up to
    `widest`. A layer's sides are the frame's, halved `halved` times; its middle may be anywhere in the frame. Works
    from a latent, a label or both; frames that were given are not gone on with.
    """

    def __init__(
        self,
        *,
        width: Width = 32,
        widest: Width = 512,
        depth: Annotated[int, Option(ge=1, le=8)] | None = None,
        layers: Annotated[int, Option(ge=1, le=64)] = 1,
        halved: Annotated[int, Option(ge=0, le=8)] = 0,
        spectral_norm: bool = True,
    ) -> None:
        self._width = width
        self._widest = widest
        self._depth = depth
        self._layers = layers
        self._halved = halved
        self._spectral = spectral_norm

    def generator(self, shapes: GeneratorShapes) -> Module:
        """`forward(*given)` -> clips (N, T, C, H, W) in [-1, 1], given a latent, a label or both."""
        from ganlab_dvdgan.layered import LayeredGenerator
        from ganlab_dvdgan.layers import finished

        made = next(iter(shapes.sample.values()))
        clip(made, "moving-layers")
        fields = list(shapes.given.values())
        if any(len(field.shape) > 1 for field in fields) or not fields:
            raise RecipeError(
                "'moving-layers' makes clips of a latent or a label, not of frames; take task 'video', or 'conv-gru'"
            )
        depth = halvings(made, self._depth, "moving-layers")
        if self._halved > depth:
            raise RecipeError(
                f"halved = {self._halved} is more than the {depth} halvings of 'moving-layers'; take fewer"
            )
        channels = pyramid(self._width, self._widest, depth + 1)[::-1]
        network = LayeredGenerator(fields, made, channels, layers=self._layers, halved=self._halved)
        return finished(network, spectral=self._spectral)


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
        channels = pyramid(self._width, self._widest, depth)
        network = ClipDiscriminator(shapes.data, shapes.given, channels, halvings=depth)
        return finished(network, spectral=self._spectral)


def pyramid(width: int, widest: int, levels: int) -> list[int]:
    """Channels: `width`, and twice as many each level, up to `widest`."""
    return [min(width << level, max(width, widest)) for level in range(levels)]


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
