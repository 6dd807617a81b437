"""What is found out about a file, and what a file may not make us do."""

from __future__ import annotations

import struct
import time
import zlib
from random import Random as Dice

import numpy as np
import pytest
from PIL import Image

from ganlab.builtin.datasets import claims
from ganlab.builtin.datasets.decoding import Decoding
from ganlab.builtin.datasets.opening import Facts, open_picture
from ganlab.builtin.datasets.problems import Unusable
from tests.builtin.datasets.by_hand import SIGNATURE, chunk, encoded, noise, png, tiff

pytestmark = pytest.mark.filterwarnings("ignore")

UPRIGHT = np.repeat(np.repeat(np.array([[0, 120], [250, 60], [180, 30]], np.uint8), 8, 0), 8, 1)
"""Three patches high and two wide, each large enough for JPEG to keep."""

AS_STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.rot90(UPRIGHT, 1),
    7: UPRIGHT[::-1, ::-1].T,
    8: np.rot90(UPRIGHT, -1),
}
"""How a camera writes the same picture for each orientation of EXIF 2.32, table 6 (row 0 and column 0 are where)."""


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", AS_STORED)
def test_every_orientation_comes_out_upright(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(AS_STORED[orientation])).convert("RGB")
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(kind, {})
    image, facts = open_picture(encoded(stored, kind, exif=exif, **options))
    assert (facts.height, facts.width) == UPRIGHT.shape == (image.height, image.width)
    assert ("turned as EXIF says" in facts.notes) == (orientation != 1)
    got = np.asarray(image.convert("L")).astype(int)[4::8, 4::8]
    assert abs(got - UPRIGHT[4::8, 4::8]).max() <= 3


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0not a TIFF at all",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40,
        b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x63\0\0\0\0\0\0",  # orientation 99
        b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\2\0\0\0\2ab\0\0\0\0\0\0",  # orientation "ab"
        b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\0\0\0\0\0\0\0\0\0",  # no orientation at all
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_that_makes_no_sense_turns_nothing(kind, exif):
    _, facts = open_picture(encoded(Image.new("RGB", (6, 4), (9, 9, 9)), kind, exif=exif))
    assert (facts.height, facts.width, facts.notes) == (4, 6, ())


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        (encoded(Image.new("L", (3, 2))), Facts(2, 3, 1)),
        (encoded(Image.new("RGB", (3, 2)), "JPEG"), Facts(2, 3, 3)),
        (encoded(Image.new("LA", (3, 2))), Facts(2, 3, 4, ("transparency",))),
        (encoded(Image.new("P", (3, 2))), Facts(2, 3, 3, ("palette",))),
        (encoded(Image.new("P", (3, 2)), transparency=0), Facts(2, 3, 4, ("palette", "transparency"))),
        (encoded(Image.new("1", (3, 2))), Facts(2, 3, 1, ("1 bit a pixel",))),
        (encoded(Image.new("CMYK", (3, 2)), "JPEG"), Facts(2, 3, 3, ("CMYK",))),
        (encoded(Image.new("I;16", (3, 2))), Facts(2, 3, 1, ("scaled to 8 bits",))),
        (png(1, 1, 16, 6, bytes(9)), Facts(1, 1, 4, ("scaled to 8 bits", "transparency"))),
        (encoded(Image.new("F", (3, 2)), "TIFF"), Facts(2, 3, 1, ("scaled to 8 bits",))),
    ],
)
def test_what_was_done_to_a_picture_is_told(data, facts):
    assert open_picture(data)[1] == facts


def test_the_first_of_several_frames_is_told():
    frames = [Image.new("RGB", (3, 2), (level, level, level)) for level in (255, 0)]
    for kind in ("PNG", "WEBP", "TIFF", "GIF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert "first frame of an animation" in open_picture(data)[1].notes


def test_signed_bytes_are_refused():
    with pytest.raises(Unusable, match="signed 8-bit"):
        open_picture(tiff(2, 1, 8, 1, b"\xfb\x05", tags={339: ("H", [2])}))


def gif(claimed: tuple[int, int], frame: tuple[int, int]) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", *claimed, 0x80, 0, 0) + bytes(6)
    return head + b"\x2c" + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\x00;"


def webp(width: int, height: int) -> bytes:
    data = encoded(noise(4, 4), "WEBP", lossless=True)
    place = data.index(b"VP8L") + 9
    return data[:place] + struct.pack("<I", (width - 1) | (height - 1) << 14) + data[place + 4 :]


def jpeg(width: int, height: int) -> bytes:
    data = encoded(noise(8, 8), "JPEG")
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


BOMBS = {
    "PNG": png(1, 1, 8, 2, bytes(100), claimed=(8001, 8001)),
    "PNG, larger": png(1, 1, 8, 2, bytes(100), claimed=(60_000, 60_000)),
    "PNG, as wide as can be": png(1, 1, 8, 2, bytes(100), claimed=(2**31 - 1, 1)),
    "JPEG": jpeg(8001, 8001),
    "JPEG, larger": jpeg(65_500, 65_500),
    "GIF": gif((8001, 8001), (8001, 8001)),
    "GIF, larger": gif((65_535, 65_535), (1, 1)),
    "GIF whose frame is larger than its screen": gif((1, 1), (65_535, 65_535)),
    "GIF whose frame is a little larger than its screen": gif((1, 1), (9000, 9000)),
    "WebP": webp(8001, 8001),
    "WebP, larger": webp(16_383, 16_383),
    "BMP": bmp(8001, 8001),
    "BMP, larger": bmp(30_000, 30_000),
    "TIFF": tiff(8001, 8001, 8, 1, bytes(100)),
    "TIFF, larger": tiff(2**31 - 1, 2**31 - 1, 8, 1, bytes(100)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_from_its_header(name):
    began = time.process_time()
    with pytest.raises(Unusable, match=r"over 64 megapixels|truncated or damaged"):
        open_picture(BOMBS[name])
    assert time.process_time() - began < 2


def tiled(side: int, compression: int, data: bytes) -> bytes:
    tags = {322: ("L", [side]), 323: ("L", [side]), 324: ("L", [0]), 325: ("L", [len(data)]), 259: ("H", [compression])}
    return tiff(8, 8, 8, 2, data, samples=3, tags=tags)


@pytest.mark.parametrize(("side", "compression"), [(20_000, 5), (16_384, 8), (30_000, 1)])
def test_a_small_picture_of_huge_tiles_is_refused(side, compression):
    with pytest.raises(Unusable, match=f"tiles of {side} x {side}"):
        open_picture(tiled(side, compression, zlib.compress(bytes(1000))))


def test_text_and_profiles_that_swell_are_refused():
    base = png(1, 1, 8, 0, b"\0\0")
    swollen = zlib.compress(bytes(100_000_000))
    for kind in (b"zTXt", b"iCCP"):
        with pytest.raises(Unusable, match="damaged"):
            open_picture(base[:33] + chunk(kind, b"a\0\0" + swollen) + base[33:])
    several = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000))) * 100
    with pytest.raises(Unusable, match="damaged"):
        open_picture(base[:33] + several + base[33:])


def test_a_png_of_endless_chunks_is_refused():
    base = png(1, 1, 8, 0, b"\0\0")
    empty = chunk(b"abCd", b"")
    open_picture(base[:33] + empty * 1000 + base[33:])
    with pytest.raises(Unusable, match="over 100000 chunks"):
        open_picture(base[:33] + empty * (claims.MOST_CHUNKS + 1) + base[33:])


def drawn_over(width: int, height: int, times: int) -> bytes:
    """A progressive JPEG of that size whose last scan, a few bytes, comes again and again."""
    data = encoded(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
    place = data.index(b"\xff\xc2") + 5
    data = data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:end] + data[last:end] * times + b"\xff\xd9"


def test_a_jpeg_that_is_drawn_over_and_over_is_refused():
    open_picture(drawn_over(64, 64, 20))
    for data in (drawn_over(64, 64, 2000), drawn_over(8000, 8000, 100)):
        assert len(data) < 100_000
        with pytest.raises(Unusable, match="a JPEG of"):
            open_picture(data)


def test_damage_is_not_told_by_libraries_too(capfd):
    dice, refused = Dice(0), 0
    for compression in ("tiff_deflate", "tiff_lzw", "jpeg", "packbits"):
        whole = encoded(noise(), "TIFF", compression=compression)
        for _ in range(50):
            data = bytearray(whole)
            for _ in range(4):
                data[dice.randrange(len(data))] = dice.randrange(256)
            try:
                open_picture(bytes(data))
            except Unusable:
                refused += 1
    assert refused > 50
    assert capfd.readouterr() == ("", "")


def test_large_pictures_take_their_turns():
    from concurrent.futures import ThreadPoolExecutor

    from ganlab.builtin.datasets.opening import alone

    inside: list[int] = []
    most: list[int] = []

    def turn(number: int) -> None:
        with alone(needed=True):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.005)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(20)))
    assert max(most) == 1


def test_a_file_of_several_pictures_by_a_camera_is_its_first():
    first, second = (Image.new("RGB", (8, 8), (level, level, level)) for level in (200, 20))
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    image, facts = open_picture(data)
    assert image.getpixel((3, 3))[0] == pytest.approx(200, abs=2)
    assert facts.notes == ("first frame of an animation",)


def test_a_signature_alone_is_no_picture():
    for data in (SIGNATURE, b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"RIFF\4\0\0\0WEBP", b"BM"):
        with pytest.raises(Unusable):
            Decoding().picture(data)
