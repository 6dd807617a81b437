"""From the bytes of a picture file to bytes of pixels: every conversion is written down here, none is left to chance.

- First frame of an animation; EXIF rotation applied; colour profiles ignored (values are taken to be sRGB).
- 16 bits a channel are scaled to 8, value / 257 (colour files: the high byte). 32-bit integers must be 0..65535 and
  are scaled alike; floating-point pixels must be 0..1. Others are refused: their range cannot be known.
- Grey is the luma of ITU-R BT.601; CMYK and YCbCr become RGB; palettes and 1-bit pictures what they stand for.
- Transparency is kept with 4 channels, else laid over the background.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ganlab.builtin.datasets.options import Background, Resize
from ganlab.builtin.datasets.problems import Unusable

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
LARGEST_PIXELS = 64_000_000

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Decoding:
    """`channels` 1, 3, 4 or None (as in the file); `size` (H, W) and the way there, "refuse" leaving it to others."""

    channels: int | None = 3
    background: Background = "white"
    size: tuple[int, int] | None = None
    resize: Resize = "refuse"

    def picture(self, data: bytes) -> tuple[Image.Image, bool]:
        """The picture in mode L, RGB or RGBA, in the size it has, and whether further frames were left out.

        Raises `Unusable`.
        """
        image, animated = _first_frame(data)
        try:
            return self._converted(_eight_bit(image)), animated
        except ValueError:
            raise Unusable(f"in mode {image.mode}, which has no conversion here") from None

    def levels(self, image: Image.Image) -> Tensor:
        """The picture, resized, as uint8 (C, H, W)."""
        if self.size is not None and self.resize != "refuse":
            wanted = (self.size[1], self.size[0])
            if image.size != wanted and self.resize == "crop":
                image = ImageOps.fit(image, wanted, Image.Resampling.LANCZOS)
            elif image.size != wanted:
                image = image.resize(wanted, Image.Resampling.LANCZOS)
        pixels = np.array(image)
        return torch.from_numpy(pixels[:, :, None] if pixels.ndim == 2 else pixels).permute(2, 0, 1).contiguous()

    def _converted(self, image: Image.Image) -> Image.Image:
        mode = MODES[self.channels] if self.channels else _own_mode(image)
        if image.mode == "La":
            image = image.convert("LA")
        if image.has_transparency_data and mode != "RGBA":
            canvas = Image.new("RGBA", image.size, self.background)
            canvas.alpha_composite(image.convert("RGBA"))
            image = canvas.convert("RGB")
        return image if image.mode == mode else image.convert(mode)


def _first_frame(data: bytes) -> tuple[Image.Image, bool]:
    too_large = f"over {LARGEST_PIXELS // 1_000_000} megapixels"
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > LARGEST_PIXELS:
            raise Unusable(too_large)
        animated = bool(getattr(image, "is_animated", False))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
    except Unusable:
        raise
    except UnidentifiedImageError:
        raise Unusable(f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture") from None
    except Image.DecompressionBombError:
        raise Unusable(too_large) from None
    except Exception:  # damaged files raise OSError, ValueError, SyntaxError, struct.error, NotImplementedError, ...
        raise Unusable("truncated or damaged") from None
    return image, animated


def _own_mode(image: Image.Image) -> str:
    if image.has_transparency_data:
        return "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _grey(np.asarray(image) / 257)
    if image.mode == "I":
        return _grey(_within(np.asarray(image), 65535, "32-bit pixels outside 0..65535") / 257)
    if image.mode == "F":
        return _grey(_within(np.asarray(image), 1, "floating-point pixels outside 0..1") * 255.0)
    return image


def _within(pixels: np.ndarray[Any, Any], highest: int, reason: str) -> np.ndarray[Any, Any]:
    if not ((pixels >= 0) & (pixels <= highest)).all():  # NaN is outside too
        raise Unusable(reason)
    return pixels


def _grey(levels: np.ndarray[Any, Any]) -> Image.Image:
    return Image.fromarray((levels + 0.5).astype(np.uint8))
