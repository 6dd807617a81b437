"""From the bytes of a file to its picture in 8 bits a channel: every way a file can keep pixels is answered here.

- First frame of an animation, first page of a document; turned as EXIF says; colour profiles ignored (taken as sRGB).
- 16 and 12 bits are scaled to 8, value / 257 and value / 16.06 (colour files: the high byte). 32-bit integers must be
  0..65535 and are scaled alike; floating-point pixels must be 0..1. Others are refused: their range cannot be known.
- CMYK, YCbCr and Lab become RGB; palettes and 1-bit pictures what they stand for; transparency becomes alpha.
"""

from __future__ import annotations

import ctypes
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError, _imaging

from ganlab.builtin.datasets.claims import LARGEST_PIXELS, check_chunks, check_scans, check_size, check_tiff
from ganlab.builtin.datasets.problems import Unusable, UnusableNow

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")

ALONE_PIXELS = 16_000_000
"""Pictures above this are opened one at a time: some need ten times their own memory on the way."""

CHANNELS = {"L": 1, "RGB": 3, "LA": 4, "RGBA": 4}
"""Channels a picture has by itself; grey with alpha has no mode of its own here."""

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

FIRST_FRAME = "first frame of an animation"
TURNED = "turned as EXIF says"
SCALED = "scaled to 8 bits"
ONE_BIT = "1 bit a pixel"
PALETTE = "palette"
TRANSPARENT = "transparency"
COLOURS = {"CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "Lab"}

SIXTEEN = ((np.arange(1 << 16) * 2 + 257) // 514).astype(np.uint8)
TWELVE = ((np.arange(1 << 16).clip(0, 4095) * 510 + 4095) // 8190).astype(np.uint8)
"""Eight bits for each value of 16 or of 12, to the nearest."""

_alone = threading.RLock()

# Pillow warns of damage and logs it, and libtiff writes it to stderr: here it is answered in one line.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())
with suppress(OSError, AttributeError):
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


@dataclass(frozen=True)
class Facts:
    """What a picture is, whatever a dataset makes of it: its size after turning, its own channels (1, 3 or 4: with
    transparency), and what was done to get there."""

    height: int
    width: int
    channels: int
    notes: tuple[str, ...] = ()


def open_picture(data: bytes) -> tuple[Image.Image, Facts]:
    """The picture in mode L, LA, RGB or RGBA, and what it is. Raises `Unusable`."""
    try:
        check_chunks(data)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        check_size(image)
        check_scans(image, data)
        with alone(image.width * image.height > ALONE_PIXELS):
            return _eight_bits(image)
    except Unusable:
        raise
    except UnidentifiedImageError:
        raise Unusable(f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture") from None
    except Image.DecompressionBombError:
        raise Unusable(f"over {LARGEST_PIXELS // 1_000_000} megapixels") from None
    except MemoryError:
        raise UnusableNow("too large for the memory there is") from None
    except Exception:  # damaged files raise OSError, ValueError, SyntaxError, struct.error, NotImplementedError, ...
        raise Unusable("truncated or damaged") from None


@contextmanager
def alone(needed: bool) -> Iterator[None]:
    """Inside, if `needed`, no other thread does something that large."""
    if not needed:
        yield
        return
    with _alone:
        yield


def _eight_bits(image: Image.Image) -> tuple[Image.Image, Facts]:
    notes = [FIRST_FRAME] if getattr(image, "is_animated", False) else []
    raw = str(image.tile[0].args) if isinstance(image, ImageFile.ImageFile) and image.tile else ""
    tags = getattr(image, "tag_v2", {})
    turn = tags.get(ORIENTATION)  # Pillow turns a TIFF while it is loaded, and forgets how
    check_tiff(image, tags)
    image.load()
    check_size(image)  # a frame may be larger than what its header says
    deep = image.mode.startswith(("I", "F")) or ";16" in raw
    if image.mode in ("1", "P", "PA"):
        notes.append(ONE_BIT if image.mode == "1" else PALETTE)
    elif image.mode in COLOURS:
        notes.append(COLOURS[image.mode])
    if deep:
        notes.append(SCALED)
    turn = turn or _orientation(image)
    image = _scaled(image, raw, tags) if image.mode.startswith(("I", "F")) else _plain(image, raw)
    if turn in TURNS:
        notes.append(TURNED)
        if not tags:
            image = image.transpose(TURNS[turn])
    if image.mode in ("LA", "RGBA"):
        notes.append(TRANSPARENT)
    return image, Facts(image.height, image.width, CHANNELS[image.mode], tuple(notes))


def _orientation(image: Image.Image) -> Any:
    """What EXIF says; EXIF that cannot be read says nothing."""
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:  # as many kinds as there are ways to be damaged
        return None


def _plain(image: Image.Image, raw: str) -> Image.Image:
    """8 bits or fewer, in any mode, as L, LA, RGB or RGBA."""
    key = image.info.get("transparency")
    # Pillow compares the transparent value as the file has it with pixels that it has scaled.
    if isinstance(key, int) and raw in ("L;2", "L;4"):
        image.info["transparency"] = key * (85 if raw == "L;2" else 17) & 255
    if isinstance(key, tuple) and ";16" in raw:
        image.info["transparency"] = tuple(value >> 8 for value in key)
    if image.mode == "La":
        image = image.convert("LA")
    grey = image.mode in ("1", "L", "LA")
    mode = ("LA" if grey else "RGBA") if image.has_transparency_data else ("L" if grey else "RGB")
    if image.mode == mode:
        return image
    try:
        return image.convert(mode)
    except ValueError:
        raise Unusable(f"in mode {image.mode}, which has no conversion here") from None


def _scaled(image: Image.Image, raw: str, tags: Any) -> Image.Image:
    """More than 8 bits of grey as L, or LA if one value stands for transparent."""
    pixels = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray((_within(pixels, 1, "floating-point pixels outside 0..1") * 255 + 0.5).astype(np.uint8))
    levels = (TWELVE if "I;12" in raw else SIXTEEN)[_within(pixels, 65535, "32-bit pixels outside 0..65535")]
    if tags.get(262) == 0 and image.mode != "I":  # white is zero, which Pillow heeds for 8 bits only
        levels = 255 - levels
    grey = Image.fromarray(levels)
    key = image.info.get("transparency")
    if not isinstance(key, int):
        return grey
    grey.putalpha(Image.fromarray(np.where(pixels == key, 0, 255).astype(np.uint8)))
    return grey


def _within(pixels: np.ndarray[Any, Any], highest: int, reason: str) -> np.ndarray[Any, Any]:
    if not (pixels.min() >= 0 and pixels.max() <= highest):  # NaN is outside too
        raise Unusable(reason)
    return pixels
