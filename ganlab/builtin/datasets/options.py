"""Options that datasets of pictures share, and what they mean together."""

from __future__ import annotations

from os.path import expanduser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field as Option

from ganlab import RecipeError

if TYPE_CHECKING:
    from ganlab.builtin.datasets.decoding import Decoding
    from ganlab.builtin.datasets.movement import Movement

Pixels: TypeAlias = Annotated[int, Option(ge=1, le=16384)]
Extent: TypeAlias = Pixels | tuple[Pixels, Pixels]
"""A square's side, or height and width."""

Channels: TypeAlias = Literal[1, 3, 4, "keep"]
Resize: TypeAlias = Literal["refuse", "crop", "stretch"]
Background: TypeAlias = Literal["white", "black"]
Share: TypeAlias = Annotated[float, Option(gt=0, lt=1)]
Count: TypeAlias = Annotated[int, Option(ge=0, le=2**40)]


def place(path: str) -> Path:
    """The path, `~` being the user's home. Raises `RecipeError` for an empty one, which would be where one stands."""
    if not path:
        raise RecipeError("path = '' names nothing; give a folder or a file, or '.' for where you are")
    return Path(expanduser(path))


def extent(size: Extent | None) -> tuple[int, int] | None:
    """Height and width."""
    return (size, size) if isinstance(size, int) else size


def decoding(channels: Channels, size: Extent | None, resize: Resize, background: Background) -> Decoding:
    """How files become pictures. Raises `RecipeError` for a resize without a size."""
    from ganlab.builtin.datasets.decoding import Decoding

    if size is None and resize != "refuse":
        raise RecipeError(f"resize = '{resize}' needs a size to resize to; set size, or leave resize out")
    return Decoding(None if channels == "keep" else channels, background, extent(size), resize)


def movement(size: Extent | None, crop: Extent | None, flip: bool) -> Movement:
    """How training pictures move. Raises `RecipeError` for a window larger than the picture."""
    from ganlab.builtin.datasets.movement import Movement

    whole, window = extent(size), extent(crop)
    if whole and window and (window[0] > whole[0] or window[1] > whole[1]):
        raise RecipeError(f"crop = {crop} does not fit into size = {size}; take a smaller crop or a larger size")
    return Movement(window, flip)
