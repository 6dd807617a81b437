"""Whether pictures can be stacked into a batch, and if not, what sizes there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from ganlab import DataError
from ganlab.builtin.datasets.decoding import Shape
from ganlab.builtin.datasets.problems import listed, shown
from ganlab.builtin.datasets.samples import Samples

NAMED = 4
"""How many values a histogram names."""


def common_shapes(found: Samples, size: tuple[int, int] | None, crop: tuple[int, int] | None) -> tuple[Shape, ...]:
    """The shape (C, H, W) that each picture of a sample has in a batch. Raises `DataError` if they are not all alike.

    With `size` every picture must have that height and width. With `crop` alone they may differ, as long as the window
    fits and the pictures of one sample agree.
    """
    where = f"in '{shown(str(found.root))}'"
    for shapes in zip(*found.shapes, strict=True):
        _check_channels(shapes, where)
        if size is not None or crop is None:
            _check_size(shapes, size, where)
    if crop is None:
        return found.shapes[0]
    _check_window(found, crop, where)
    return tuple((shape[0], *crop) for shape in found.shapes[0])


def _check_channels(shapes: Sequence[Shape], where: str) -> None:
    channels = Counter(shape[0] for shape in shapes)
    if len(channels) > 1:
        raise DataError(f"pictures {where} differ in channels: {_histogram(channels)}; set channels to 1, 3 or 4")


def _check_size(shapes: Sequence[Shape], size: tuple[int, int] | None, where: str) -> None:
    expected = size or shapes[0][1:]
    if any(shape[1:] != expected for shape in shapes):
        wanted = f"of size {size[0]} x {size[1]}" if size else "of one size"
        sizes = Counter(f"{height} x {width}" for _, height, width in shapes)
        raise DataError(
            f"pictures {where} are not all {wanted} (height x width): {_histogram(sizes)}; "
            "set size, and resize = 'crop' or 'stretch', or take windows with crop"
        )


def _check_window(found: Samples, crop: tuple[int, int], where: str) -> None:
    small, uneven = [], []
    for name, shapes in zip(found.names, found.shapes, strict=True):
        if any(height < crop[0] or width < crop[1] for _, height, width in shapes):
            small.append(name)
        if len({shape[1:] for shape in shapes}) > 1:
            uneven.append(name)
    if small:
        raise DataError(
            f"a window of {crop[0]} x {crop[1]} does not fit into {len(small)} of {len(found.names)} pictures {where}: "
            f"{listed(small)}; take a smaller crop, or set size and resize"
        )
    if uneven:
        raise DataError(
            f"{len(uneven)} of {len(found.names)} samples {where} hold pictures of different sizes: "
            f"{listed(uneven)}; leave crop out, or set size and resize"
        )


def _histogram(values: Counter[str] | Counter[int]) -> str:
    common: list[tuple[Hashable, int]] = list(values.most_common(NAMED))
    rest = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
    return ", ".join(f"{value} ({count})" for value, count in common) + rest
