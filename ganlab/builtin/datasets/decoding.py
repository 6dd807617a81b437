"""What a dataset makes of a picture: how many channels, on which background, in which size.

Grey is the luma of ITU-R BT.601. Transparency is kept with 4 channels, else laid over the background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ganlab.builtin.datasets.opening import FIRST_FRAME, Facts, open_picture
from ganlab.builtin.datasets.options import Background, Resize

MODES = {1: "L", 3: "RGB", 4: "RGBA"}

Shape: TypeAlias = tuple[int, ...]


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
        image, facts = open_picture(data)
        return self.convert(image), FIRST_FRAME in facts.notes

    def convert(self, image: Image.Image) -> Image.Image:
        """A picture in mode L, LA, RGB or RGBA with the channels asked for."""
        transparent = image.mode in ("LA", "RGBA")
        mode = MODES[self.channels] if self.channels else ("RGBA" if transparent else image.mode)
        if transparent and mode != "RGBA":
            canvas = Image.new("RGBA", image.size, self.background)
            canvas.alpha_composite(image.convert("RGBA"))
            image = canvas.convert("RGB")
        return image if image.mode == mode else image.convert(mode)

    def levels(self, image: Image.Image) -> Tensor:
        """The converted picture, resized, as uint8 (C, H, W)."""
        if self.size is not None and self.resize != "refuse":
            wanted = (self.size[1], self.size[0])
            if image.size != wanted and self.resize == "crop":
                image = ImageOps.fit(image, wanted, Image.Resampling.LANCZOS)
            elif image.size != wanted:
                image = image.resize(wanted, Image.Resampling.LANCZOS)
        pixels = np.array(image)
        return torch.from_numpy(pixels[:, :, None] if pixels.ndim == 2 else pixels).permute(2, 0, 1).contiguous()

    def shape(self, facts: Facts) -> Shape:
        """What `levels` gives for such a picture, (C, H, W)."""
        height, width = (facts.height, facts.width) if self.size is None or self.resize == "refuse" else self.size
        return (self.channels or facts.channels, height, width)
