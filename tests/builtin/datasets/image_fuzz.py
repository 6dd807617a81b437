"""Small pictures of every kind, and thousands of ways to spoil them. As a script: `image_fuzz.py SEED COUNT` opens that
many spoilt files in a process that may take 2 GiB and 5 seconds for each, and says what came of it as JSON."""

from __future__ import annotations

import faulthandler
import io
import json
import resource
import struct
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Iterator
from random import Random as Dice
from typing import Any

import numpy as np
from PIL import Image

LIMIT_BYTES = 2 << 30
LIMIT_SECONDS = 5
EXTREMES = (
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    127,
    128,
    255,
    256,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    2**32 - 1,
)


def seeds() -> list[bytes]:
    """Files of all formats and modes, as small as they come."""
    dice = np.random.default_rng(0)
    colour = Image.fromarray(dice.integers(0, 256, (12, 10, 3), np.uint8))
    clear = Image.fromarray(dice.integers(0, 256, (12, 10, 4), np.uint8))
    deep = Image.fromarray(dice.integers(0, 65536, (12, 10), np.uint16))
    whole = Image.fromarray(dice.integers(0, 65536, (12, 10), np.int32))
    real = Image.fromarray(dice.random((12, 10), np.float32))
    grey, bits, palette, ink = (colour.convert(mode) for mode in ("L", "1", "P", "CMYK"))
    frames = {"save_all": True, "append_images": [colour.rotate(90), colour.rotate(180)]}
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    tiffs = [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "lzma", "zstd"]
    written: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((each, "PNG", {}) for each in (grey, colour, clear, palette, bits, deep, clear.convert("LA"))),
        (palette, "PNG", {"transparency": 3}),
        (palette, "PNG", {"transparency": bytes(range(100))}),
        (grey, "PNG", {"transparency": 9, "exif": exif}),
        (colour, "PNG", frames),
        *((each, "JPEG", {}) for each in (grey, colour, ink)),
        (colour, "JPEG", {"progressive": True, "exif": exif, "comment": b"words", "icc_profile": bytes(200)}),
        (colour, "JPEG", {"subsampling": 0, "restart_marker_blocks": 1}),
        (colour, "MPO", frames),
        (palette, "GIF", {}),
        (palette, "GIF", {"transparency": 3, "comment": b"words"}),
        (colour, "GIF", frames),
        (colour, "WEBP", {}),
        (clear, "WEBP", {"exif": exif}),
        (clear, "WEBP", {"lossless": True}),
        (colour, "WEBP", frames),
        *((each, "BMP", {}) for each in (grey, colour, clear, palette, bits)),
        *((each, "TIFF", {}) for each in (grey, clear, palette, bits, deep, whole, real, ink)),
        *((colour, "TIFF", {"compression": each} if each else {}) for each in tiffs),
        (bits, "TIFF", {"compression": "group4"}),
        (colour, "TIFF", {"big_tiff": True}),
        (colour, "TIFF", {**frames, "exif": exif}),
    ]
    files = []
    for image, kind, options in written:
        buffer = io.BytesIO()
        if "append_images" in options:  # a picture remembers how it was written last
            options = {**options, "append_images": [each.copy() for each in options["append_images"]]}
        image.copy().save(buffer, kind, **options)
        files.append(buffer.getvalue())
    return files


def spoilt(dice: Dice, files: list[bytes]) -> bytes:
    """One of the files after one to four accidents."""
    data = bytearray(dice.choice(files))
    for _ in range(dice.choice((1, 1, 2, 3, 4))):
        kind = dice.randrange(9)
        place = dice.randrange(len(data)) if data else 0
        if kind == 0:  # a few flipped bits
            for _ in range(dice.randint(1, 8)):
                if data:
                    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        elif kind == 1:  # cut short
            del data[place:]
        elif kind == 2:  # spliced with another file
            other = dice.choice(files)
            data[place:] = other[dice.randrange(len(other)) :]
        elif kind == 3:  # a number in the header forged
            width, order = dice.choice("BHIQ"), dice.choice("<>")
            place = dice.randrange(min(len(data), 120) + 1)
            size = struct.calcsize(width)
            data[place : place + size] = struct.pack(order + width, dice.choice(EXTREMES) & (1 << 8 * size) - 1)
        elif kind == 4:  # a number anywhere forged
            data[place : place + 4] = struct.pack(dice.choice("<>") + "I", dice.choice(EXTREMES))
        elif kind == 5:  # a part doubled, again and again
            part = data[place : place + dice.randint(1, 200)]
            data[place:place] = part * dice.choice((1, 2, 50))
        elif kind == 6:  # a part missing
            del data[place : place + dice.randint(1, 100)]
        elif kind == 7:  # a part zeroed
            part = data[place : place + dice.randint(1, 512)]
            data[place : place + len(part)] = bytes(len(part))
        else:  # noise
            data[place : place + 8] = dice.randbytes(8)
    return mended(bytes(data)) if dice.random() < 0.7 else bytes(data)


def mended(data: bytes) -> bytes:
    """A PNG with check sums that are right again, so that what is spoilt inside is reached."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, place = data[:8], 8
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        body = data[place + 4 : place + 8 + size]
        if size > len(data) or len(body) < 4:
            break
        out += data[place : place + 4] + body + struct.pack(">I", zlib.crc32(body))
        place += 12 + size
    return out + data[place:]


def cases(seed: int, count: int) -> Iterator[bytes]:
    """That many spoilt files."""
    dice, files = Dice(seed), seeds()
    for _ in range(count):
        yield spoilt(dice, files)


def main() -> None:
    from ganlab.builtin.datasets.decoding import Decoding
    from ganlab.builtin.datasets.opening import open_picture
    from ganlab.builtin.datasets.problems import Unusable

    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    seed, count = map(int, sys.argv[1:])
    decodings = [Decoding(1), Decoding(3), Decoding(4), Decoding(None), Decoding(3, size=(8, 8), resize="crop")]
    told: Counter[str] = Counter()
    slowest, wrong = 0.0, []
    for number, data in enumerate(cases(seed, count)):
        faulthandler.dump_traceback_later(LIMIT_SECONDS, exit=True)
        began = time.monotonic()
        try:
            image, facts = open_picture(data)
            decoding = decodings[number % len(decodings)]
            levels = decoding.levels(decoding.convert(image))
            assert tuple(levels.shape) == decoding.shape(facts), (levels.shape, facts)
            told["a picture"] += 1
        except Unusable as problem:
            (line,) = str(problem).splitlines()
            told[" ".join(line.split()[:2])] += 1
        except BaseException:
            wrong.append({"number": number, "data": data.hex()[:4000], "trace": traceback.format_exc()})
        slowest = max(slowest, time.monotonic() - began)
    faulthandler.cancel_dump_traceback_later()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"told": told, "wrong": wrong, "slowest": slowest, "peak_mib": peak}))


if __name__ == "__main__":
    main()
