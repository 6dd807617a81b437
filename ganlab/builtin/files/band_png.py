"""A PNG written a band of rows at a time, so that a picture of hundreds of megapixels takes little more than itself.

PNG specification (ISO/IEC 15948), sections 5 and 9; each row is kept as its difference from the one above (filter 2).
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np
from torch import Tensor

COLOURS = {1: 0, 3: 2, 4: 6}
ROWS = 256
UP = 2


def write(file: BinaryIO, levels: Tensor) -> None:
    """Levels (C, H, W), uint8, of 1, 3 or 4 channels."""
    channels, height, width = levels.shape
    file.write(b"\x89PNG\r\n\x1a\n")
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, COLOURS[channels], 0, 0, 0))
    packer = zlib.compressobj(3)
    above = np.zeros((1, width * channels), np.uint8)
    for top in range(0, height, ROWS):
        rows = levels[:, top : top + ROWS].permute(1, 2, 0).numpy().reshape(-1, width * channels)
        filtered = np.empty((len(rows), 1 + width * channels), np.uint8)
        filtered[:, 0] = UP
        filtered[:, 1:] = rows - np.concatenate([above, rows[:-1]])  # bytes wrap around, as they should
        above = rows[-1:]
        _chunk(file, b"IDAT", packer.compress(filtered.data))
    _chunk(file, b"IDAT", packer.flush())
    _chunk(file, b"IEND", b"")


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data)
    file.write(struct.pack(">I", zlib.crc32(kind + data)))
