"""Picture files written by hand, byte by byte: what no library writes, but what lies on disks."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int,
    height: int,
    depth: int,
    colour: int,
    rows: bytes,
    *extra: tuple[bytes, bytes],
    claimed: tuple[int, int] | None = None,
) -> bytes:
    """A PNG of unfiltered `rows` (each begins with a zero byte), and what it claims to be."""
    header = struct.pack(">IIBBBBB", *(claimed or (width, height)), depth, colour, 0, 0, 0)
    middle = b"".join(chunk(*each) for each in extra)
    return SIGNATURE + chunk(b"IHDR", header) + middle + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(
    width: int,
    height: int,
    bits: int,
    photometric: int,
    data: bytes,
    *,
    samples: int = 1,
    order: str = "<",
    tags: Mapping[int, tuple[str, Sequence[int]]] | None = None,
) -> bytes:
    """A TIFF of one uncompressed strip; `tags` are further ones, or other values: a struct letter and numbers."""
    entries = {
        256: ("L", [width]),
        257: ("L", [height]),
        258: ("H", [bits] * samples),
        259: ("H", [1]),
        262: ("H", [photometric]),
        273: ("L", [0]),
        277: ("H", [samples]),
        278: ("L", [height]),
        279: ("L", [len(data)]),
        **(tags or {}),
    }
    packed = {tag: struct.pack(f"{order}{len(values)}{kind}", *values) for tag, (kind, values) in entries.items()}
    start = 8 + 2 + 12 * len(entries) + 4
    beyond = sum(len(each) for each in packed.values() if len(each) > 4)
    place = 324 if 324 in entries else 273
    packed[place] = struct.pack(f"{order}L", start + beyond)
    table, far = b"", b""
    for tag in sorted(entries):
        kind, values = entries[tag]
        value = packed[tag]
        if len(value) > 4:
            far, value = far + value, struct.pack(f"{order}L", start + len(far))
        table += struct.pack(f"{order}HHL", tag, {"B": 1, "H": 3, "L": 4}[kind], len(values)) + value.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}LH", 8, len(entries))
    return head + table + bytes(4) + far + data


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The file a library writes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(height: int = 32, width: int = 32, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """A picture that does not compress."""
    channels = len(mode)
    levels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(levels[..., 0] if channels == 1 else levels, mode if mode != "CMYK" else "CMYK")
