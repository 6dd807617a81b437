"""What a file may claim before a library believes it: sizes and counts that would cost memory or hours.

Each limit is far above what cameras, scanners and drawing programs write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganlab.builtin.datasets.problems import Unusable

if TYPE_CHECKING:
    from PIL import Image

LARGEST_PIXELS = 64_000_000
LARGEST_TILE = 16_000_000
"""Pixels of a tile that is larger than its picture."""

MOST_CHUNKS = 100_000
"""Chunks of a PNG."""

SIGNED = 2
"""The sample format of a TIFF."""

MOST_SCANS = 1000
MOST_SCANNED = 32 * LARGEST_PIXELS
"""How often a JPEG may go over its picture, and how many pixels it may pass in doing so: a scan may cost next to no
bytes."""


def check_chunks(data: bytes) -> None:
    """Raise `Unusable` for a PNG of endless chunks."""
    if not data.startswith(b"\x89PNG"):
        return
    place = 8
    for _ in range(MOST_CHUNKS):
        if place >= len(data):
            return
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    raise Unusable(f"of over {MOST_CHUNKS} chunks")


def check_size(image: Image.Image) -> None:
    """Raise `Unusable` for too many pixels."""
    if image.width * image.height > LARGEST_PIXELS:
        raise Unusable(f"over {LARGEST_PIXELS // 1_000_000} megapixels")


def check_scans(image: Image.Image, data: bytes) -> None:
    """Raise `Unusable` for a JPEG that is drawn over and over."""
    scans = data.count(b"\xff\xda") if image.format in ("JPEG", "MPO") else 0
    if scans > MOST_SCANS or scans * image.width * image.height > MOST_SCANNED:
        raise Unusable(f"a JPEG of {scans} scans")


def check_tiff(image: Image.Image, tags: Any) -> None:
    """Raise `Unusable` for a TIFF whose tiles are larger than any picture needs, or whose pixels are signed bytes."""
    width, height = tags.get(322), tags.get(323)
    tile = width * height if isinstance(width, int) and isinstance(height, int) else 0
    if tile > max(LARGEST_TILE, image.width * image.height):
        raise Unusable(f"a TIFF with tiles of {width} x {height} pixels")
    if SIGNED in _all(tags.get(339)) and 8 in _all(tags.get(258)):
        raise Unusable("of signed 8-bit pixels, whose range cannot be known")


def _all(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
