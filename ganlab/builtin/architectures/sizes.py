"""From what a task makes and shows to sizes a network can be built from, or an error that says what is possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganlab import Field, GeneratorShapes, RecipeError

_SMALLEST, _LARGEST_START = 4, 7


@dataclass(frozen=True)
class Doublings:
    """An image is `smallest` (H, W) maps doubled `count` times."""

    smallest: tuple[int, int]
    count: int

    def widths(self, width: int, widest: int) -> tuple[int, ...]:
        """Channels from the smallest maps up, the image left out: halved at each doubling, `width` the last."""
        return tuple(min(width << level, max(width, widest)) for level in reversed(range(self.count)))


def doublings(image: Field, architecture: str) -> Doublings:
    """How often the image's sides can be halved until the shorter is 4 to 7 pixels: at least once, or `RecipeError`."""
    _, height, width = image_shape(image, architecture)
    shorter = min(height, width)
    count = max((shorter // _SMALLEST).bit_length() - 1, 0)
    if count == 0 or height % 2**count or width % 2**count:
        possible = sorted(start << level for start in range(_SMALLEST, _LARGEST_START + 1) for level in range(1, 10))
        below = max((side for side in possible if side <= shorter), default=possible[0])
        above = min((side for side in possible if side > shorter), default=possible[-1])
        raise RecipeError(
            f"'{architecture}' cannot work on images of {height} x {width}: the shorter side must be 4 to 7 times "
            f"a power of two (8, 10, 12, 14, 16, 20, 24, 28, 32, ...) and the longer a multiple of that power; "
            f"nearest: {below} and {above}. Set the dataset's size"
        )
    return Doublings((height >> count, width >> count), count)


def image_shape(field: Field, architecture: str) -> tuple[int, int, int]:
    """(C, H, W) of a picture; `RecipeError` for anything else."""
    if field.kind == "image" and len(field.shape) == 3:
        channels, height, width = field.shape
        return channels, height, width
    raise RecipeError(
        f"'{architecture}' works on images (C, H, W), not on a {field.kind} of shape {field.shape}; "
        "'mlp' takes any shape"
    )


def made(shapes: GeneratorShapes, architecture: str) -> Field:
    """The one field the generator makes."""
    if len(shapes.sample) == 1:
        return next(iter(shapes.sample.values()))
    raise RecipeError(
        f"'{architecture}' makes one field, and the task asks for {len(shapes.sample)}: {', '.join(shapes.sample)}; "
        "use an architecture written for this task"
    )


def pictures(shapes: GeneratorShapes, architecture: str) -> Sequence[Field]:
    """The given fields, one of which is an image of the size of what is made."""
    _, height, width = image_shape(made(shapes, architecture), architecture)
    kinds = [field.kind for field in shapes.given.values()]
    if not any(field.kind == "image" and field.shape[1:] == (height, width) for field in shapes.given.values()):
        raise RecipeError(
            f"'{architecture}' turns an image of {height} x {width} into another, and is given "
            f"{', '.join(kinds) or 'nothing'}; use it in a task that gives the generator an image of that size"
        )
    if "tokens" in kinds:
        raise RecipeError(f"'{architecture}' cannot read tokens; use an architecture written for this task")
    return tuple(shapes.given.values())


def vectors(shapes: GeneratorShapes, architecture: str) -> Sequence[Field]:
    """The given fields, each of which can be laid into one vector: at least one, and no integers but labels."""
    if not shapes.given:
        raise RecipeError(f"'{architecture}' is given nothing to generate from; give it a latent (latent_size = 64)")
    for name, field in shapes.given.items():
        if field.kind in ("tokens", "seed"):
            raise RecipeError(
                f"'{architecture}' cannot read '{name}' ({field.kind}) as a vector; use "
                + ("one with dropout: unet or translator" if field.kind == "seed" else "one written for this task")
            )
    return tuple(shapes.given.values())
