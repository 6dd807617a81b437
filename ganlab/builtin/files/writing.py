"""Samples as files: uint8 levels in, PNG or GIF out."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image
from torch import Tensor

from ganlab import SampleWriter
from ganlab.builtin.files import band_png

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""How Pillow calls a picture of so many channels."""

FRAME_MILLISECONDS = 60

LARGE = 16_000_000
"""Pixels above which a PNG is written in bands: Pillow would take several times the picture's memory."""


def image(levels: Tensor) -> Image.Image:
    """A picture of levels (C, H, W)."""
    pixels = levels.permute(1, 2, 0).contiguous().numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels, MODES[pixels.shape[-1]])


def write_png(path: Path, levels: Tensor) -> None:
    """One picture (C, H, W) of 1, 3 or 4 channels, of any size."""
    with path.open("xb") as file:
        if levels[0].numel() > LARGE:
            band_png.write(file, levels)
        else:
            image(levels).save(file, "PNG")
        file.flush()
        os.fsync(file.fileno())


def write_gif(path: Path, levels: Tensor) -> None:
    """One clip (T, C, H, W), repeated for ever."""
    first, *others = (image(each) for each in levels)
    with path.open("xb") as file:
        first.save(file, "GIF", save_all=True, append_images=others, duration=FRAME_MILLISECONDS, loop=0)
        file.flush()
        os.fsync(file.fileno())


PNG = SampleWriter(write_png)
GIF = SampleWriter(write_gif)
