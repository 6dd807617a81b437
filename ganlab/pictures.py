"""Pictures as pixels: what a person sees of a run, in the run directory, in TensorBoard and from `ganlab sample`.

Images lie in a nearly square sheet, small ones enlarged; a clip lies as a strip of film, frame beside frame; points
are dots on a plane. A number that is not a number is painted magenta: it must not pass for black.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from ganlab.values import Picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]
    Floats: TypeAlias = NDArray[np.floating[Any]]

GAP = 2
"""Pixels between neighbours in a sheet."""

NEUTRAL = 128
"""Grey of the gaps and of empty places: apart from digits on black and from drawings on white."""

READABLE = 400
"""A sheet is enlarged until it is at least this wide."""

LARGEST = 4096
"""A sheet holds no more samples than fit into this many pixels a side."""

CANVAS = 480
"""Side of a plot of points."""

MAGENTA = (255, 0, 255)


def draw(picture: Picture, real: Picture | None = None) -> Pixels | None:
    """The picture as uint8 (height, width, 3), or None if its kind cannot be drawn.

    Kinds: "image" (N, C, H, W) with C = 1, 3 or 4 (alpha, on white), "video" (N, T, C, H, W), "point" (N, D).
    Points are drawn on axes that hold `real`, which lies behind them in grey; other kinds do without it.
    """
    data = _numbers(picture)
    if picture.kind == "point" and data.ndim == 2 and data.shape[1]:
        return _plane(data, None if real is None else _numbers(real))
    if picture.kind == "video" and data.ndim == 5:
        return _sheet(_strips(data))
    if picture.kind == "image" and data.ndim == 4:
        return _sheet(data)
    return None


def png(pixels: Pixels) -> bytes:
    """The pixels (height, width, 3) as a PNG file."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", compress_level=3)
    return file.getvalue()


def _numbers(picture: Picture) -> Floats:
    numbers: Floats = picture.data.detach().float().cpu().numpy()
    return numbers


def _strips(clips: Floats) -> Floats:
    """(N, T, C, H, W) -> (N, C, H, T * W)."""
    count, frames, channels, height, width = clips.shape
    return clips.transpose(0, 2, 3, 1, 4).reshape(count, channels, height, frames * width)


def _sheet(images: Floats) -> Pixels | None:
    """(N, C, H, W) -> one nearly square picture, row by row; small images enlarged by a whole factor."""
    import numpy as np

    count, channels, height, width = images.shape
    if channels not in (1, 3, 4) or not images.size:
        return None
    columns = min(count, math.ceil(math.sqrt(count * height / width)), max(1, LARGEST // (width + GAP)))
    rows = min(math.ceil(count / columns), max(1, LARGEST // (height + GAP)))
    factor = max(1, math.ceil(READABLE / (columns * width)))
    tiles = _colours(images[: rows * columns]).repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = height * factor, width * factor
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), NEUTRAL, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * (height + GAP), place % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _colours(images: Floats) -> Pixels:
    """(N, C, H, W) in [-1, 1] -> uint8 (N, H, W, 3)."""
    import numpy as np

    channels = images.shape[1]
    broken = np.isnan(images).any(1)
    light = (np.nan_to_num(images.transpose(0, 2, 3, 1)).clip(-1, 1) + 1) / 2
    if channels == 4:
        alpha = light[..., 3:]
        light = light[..., :3] * alpha + (1 - alpha)
    pixels = np.rint(light * 255).astype(np.uint8).repeat(3 if channels == 1 else 1, axis=3)
    pixels[broken] = MAGENTA
    return pixels


def _plane(points: Floats, real: Floats | None) -> Pixels:
    """Dots (N, D) on a white square, upwards is positive. Only the first two coordinates are drawn; a point without
    a second is drawn at the height of its rank in the batch. Points that lie outside stick to the edge."""
    import numpy as np

    frame = points if real is None or not len(real) else real
    low, high = _range(_planar(frame))
    canvas = np.full((CANVAS, CANVAS, 3), 255.0, np.float32)
    for axis, zero in enumerate(_places(np.zeros((1, 2)), low, high)[0]):
        if 0 < zero < CANVAS - 1:
            canvas[(slice(None), zero) if axis == 0 else (zero, slice(None))] = 235
    if real is not None:
        _dot(canvas, _places(_planar(real), low, high), radius=2, colour=(150, 150, 150), opacity=0.35)
    finite = points[np.isfinite(points).all(1)]
    _dot(canvas, _places(_planar(finite), low, high), radius=2, colour=(20, 80, 200), opacity=0.6)
    if len(finite) < len(points):
        canvas[:6] = MAGENTA
    pixels: Pixels = np.rint(canvas).astype(np.uint8)
    return pixels


def _planar(points: Floats) -> Floats:
    import numpy as np

    if points.shape[1] > 1:
        return points[:, :2]
    return np.column_stack([points[:, 0], np.linspace(-1, 1, len(points))])


def _range(points: Floats) -> tuple[Floats, Floats]:
    """A square around all finite points, with a margin of a tenth."""
    import numpy as np

    finite = points[np.isfinite(points).all(1)]
    if not len(finite):
        finite = np.zeros((1, 2))
    low, high = finite.min(0), finite.max(0)
    centre, half = (low + high) / 2, max(float((high - low).max()) * 0.6, 1e-6)
    return centre - half, centre + half


def _places(points: Floats, low: Floats, high: Floats) -> NDArray[np.int64]:
    """Column and row of each point (N, 2)."""
    import numpy as np

    share = ((points - low) / (high - low)).clip(0, 1)
    share[:, 1] = 1 - share[:, 1]
    places: NDArray[np.int64] = np.rint(share * (CANVAS - 1)).astype(np.int64)
    return places


def _dot(canvas: Floats, places: NDArray[np.int64], radius: int, colour: tuple[int, int, int], opacity: float) -> None:
    """Paint a disc at each place; where discs overlap the colour deepens."""
    import numpy as np

    depth = np.zeros(canvas.shape[:2])
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if down**2 + right**2 <= radius**2 + 1:
                column = (places[:, 0] + right).clip(0, CANVAS - 1)
                row = (places[:, 1] + down).clip(0, CANVAS - 1)
                np.add.at(depth, (row, column), 1)
    touched = depth > 0
    cover = (1 - (1 - opacity) ** depth[touched])[:, None]
    canvas[touched] = canvas[touched] * (1 - cover) + cover * np.array(colour, float)
