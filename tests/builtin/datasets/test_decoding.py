"""Golden pixels: what each kind of file becomes."""

from __future__ import annotations

import struct
from random import Random as Dice

import numpy as np
import pytest
from PIL import Image

from ganlab.builtin.datasets.decoding import Decoding
from ganlab.builtin.datasets.problems import Unusable
from tests.builtin.datasets.by_hand import encoded, png, tiff


def plain(mode: str, colour, **info) -> bytes:
    return encoded(Image.new(mode, (3, 2), colour), info.pop("kind", "PNG"), **info)


def array(values, dtype, kind="TIFF") -> bytes:
    return encoded(Image.fromarray(np.full((2, 3), values, dtype)), kind)


def palette(**options) -> bytes:
    image = Image.new("P", (3, 2), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    return encoded(image, **options)


def by_hand(depth: int, colour: int, values: list[int], key: list[int] | None = None) -> bytes:
    """A PNG of two pixels of 16 bits a channel."""
    extra = [(b"tRNS", struct.pack(f">{len(key)}H", *key))] if key else []
    return png(2, 1, depth, colour, b"\0" + struct.pack(f">{len(values)}H", *values) * 2, *extra)


def pixel(data: bytes, channels: int | None, background="white") -> list[int]:
    decoding = Decoding(channels, background)
    levels = decoding.levels(decoding.picture(data)[0])
    assert (levels == levels[:, :1, :1]).all()
    return levels[:, 0, 0].tolist()


# The luma of (200, 100, 50) is 0.299 x 200 + 0.587 x 100 + 0.114 x 50 = 124.2.
GOLDEN = {
    "1 bit": (plain("1", 1), 1, [255]),
    "1 bit as in the file": (plain("1", 1), None, [255]),
    "grey": (plain("L", 77), 1, [77]),
    "grey to colour": (plain("L", 77), 3, [77, 77, 77]),
    "grey to four channels is opaque": (plain("L", 77), 4, [77, 77, 77, 255]),
    "grey as in the file": (plain("L", 77), None, [77]),
    "colour": (plain("RGB", (200, 100, 50)), 3, [200, 100, 50]),
    "colour to grey": (plain("RGB", (200, 100, 50)), 1, [124]),
    "palette": (palette(), 3, [200, 100, 50]),
    "palette as in the file": (palette(), None, [200, 100, 50]),
    "palette to grey": (palette(), 1, [124]),
    "transparent palette entry": (palette(transparency=1), 3, [255, 255, 255]),
    "transparent palette entry, kept": (palette(transparency=1), 4, [200, 100, 50, 0]),
    "transparent colour of a colour file": (plain("RGB", (1, 2, 3), transparency=(1, 2, 3)), 3, [255, 255, 255]),
    "transparent grey of a grey file": (plain("L", 9, transparency=9), None, [9, 9, 9, 0]),
    # A fifth (51/255) of the colour over white: 0.2 x (200, 100, 50) + 0.8 x 255.
    "alpha over white": (plain("RGBA", (200, 100, 50, 51)), 3, [244, 224, 214]),
    "alpha kept": (plain("RGBA", (200, 100, 50, 51)), 4, [200, 100, 50, 51]),
    "alpha as in the file": (plain("RGBA", (200, 100, 50, 51)), None, [200, 100, 50, 51]),
    "grey with alpha over white": (plain("LA", (100, 51)), 1, [224]),
    "grey with alpha as in the file": (plain("LA", (100, 51)), None, [100, 100, 100, 51]),
    "CMYK": (plain("CMYK", (255, 0, 0, 0), kind="TIFF"), 3, [0, 255, 255]),
    "16-bit PNG": (array(128 * 257, np.uint16, "PNG"), 1, [128]),
    "16-bit TIFF, brightest": (array(65535, np.uint16), 1, [255]),
    "16-bit, to the nearest of 8": (array(1000, np.uint16), 1, [4]),  # 1000 / 257 = 3.89
    "16-bit as in the file": (array(257, np.uint16), None, [1]),
    "16-bit to colour": (array(100 * 257, np.uint16), 3, [100, 100, 100]),
    "32-bit integers": (array(200 * 257, np.int32), 1, [200]),
    "floating point": (array(0.2, np.float32), 1, [51]),
    "floating point, brightest": (array(1.0, np.float32), 1, [255]),
    "lossless WebP": (plain("RGB", (200, 100, 50), kind="WEBP", lossless=True), 3, [200, 100, 50]),
    "BMP": (plain("RGB", (200, 100, 50), kind="BMP"), 3, [200, 100, 50]),
    # Adobe writes CMYK upside down into JPEG, and says so; ink (255, 0, 0, 0) is cyan either way.
    "CMYK in a JPEG of Adobe's": (plain("CMYK", (255, 0, 0, 0), kind="JPEG", quality=100), 3, [0, 255, 255]),
    "YCbCr in a TIFF": (plain("YCbCr", (128, 128, 128), kind="TIFF"), 3, [128, 128, 128]),
    "16-bit colour, the high byte": (by_hand(16, 2, [1000, 32768, 65535]), 3, [3, 128, 255]),
    "16-bit colour with alpha": (by_hand(16, 6, [1000, 32768, 65535, 65535]), 4, [3, 128, 255, 255]),
    "16-bit grey with alpha": (by_hand(16, 4, [32768, 65535]), 1, [128]),
    "16-bit grey, one value transparent": (by_hand(16, 0, [1000], key=[1000]), 4, [4, 4, 4, 0]),
    "16-bit grey, another value transparent": (by_hand(16, 0, [1000], key=[1001]), 4, [4, 4, 4, 255]),
    "16-bit colour, one transparent": (by_hand(16, 2, [512, 0, 65535], key=[512, 0, 65535]), 4, [2, 0, 255, 0]),
    "4-bit grey, one value transparent": (png(2, 1, 4, 0, b"\0\xbb", (b"tRNS", b"\0\x0b")), 4, [187, 187, 187, 0]),
    "2-bit grey, one value transparent": (png(2, 1, 2, 0, b"\0\xa0", (b"tRNS", b"\0\x02")), 4, [170, 170, 170, 0]),
    "1-bit grey, white transparent": (png(2, 1, 1, 0, b"\0\xc0", (b"tRNS", b"\0\x01")), 4, [255, 255, 255, 0]),
    "2-bit grey": (png(2, 1, 2, 0, b"\0\x50"), 1, [85]),
    "16-bit TIFF, big-endian": (tiff(2, 1, 16, 1, struct.pack(">2H", 32896, 32896), order=">"), 1, [128]),
    "16-bit TIFF, white is zero": (tiff(2, 1, 16, 0, struct.pack("<2H", 257, 257)), 1, [254]),
    "12-bit TIFF, brightest": (tiff(2, 1, 12, 1, b"\xff\xff\xff"), 1, [255]),
    "12-bit TIFF": (tiff(2, 1, 12, 1, b"\x80\x08\x00"), 1, [128]),  # 2048 / 4095 of 255 = 127.5
    "8-bit TIFF, white is zero": (tiff(2, 1, 8, 0, b"\x40\x40"), 1, [191]),
    "1-bit TIFF, white is zero": (tiff(2, 1, 1, 0, b"\x00"), 1, [255]),
    "16-bit colour TIFF": (tiff(1, 1, 16, 2, struct.pack("<3H", 1000, 32768, 65535), samples=3), 3, [3, 128, 255]),
    "alpha that is multiplied in": (
        tiff(1, 1, 8, 2, bytes([50, 25, 5, 51]), samples=4, tags={338: ("H", [1])}),
        4,
        [250, 125, 25, 51],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_pixels_are_converted_as_written_down(name):
    data, channels, expected = GOLDEN[name]
    assert pixel(data, channels) == expected


def test_lab_becomes_colour():
    # As bytes L 255 is 100, and 128 is 0 of a and b; the way through profiles may miss by one.
    for level in (0, 255):
        assert pixel(plain("LAB", (level, 128, 128), kind="TIFF"), 3) == pytest.approx([level] * 3, abs=1)


def test_the_background_may_be_black():
    assert pixel(plain("RGBA", (200, 100, 50, 51)), 3, "black") == [40, 20, 10]


@pytest.mark.parametrize(
    "values", [(-0.1, np.float32), (1.5, np.float32), (float("nan"), np.float32), (70_000, np.int32), (-1, np.int32)]
)
def test_pixels_of_unknown_range_are_refused(values):
    with pytest.raises(Unusable, match="outside 0"):
        Decoding(1).picture(array(*values))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "TIFF", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (3, 2), (level, level, level)) for level in (255, 0, 0)]
    data = encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    image, animated = Decoding(1).picture(data)
    assert animated
    assert image.getpixel((2, 1)) == 255


def test_one_frame_is_no_animation():
    assert not Decoding(1).picture(plain("L", 0, kind="GIF"))[1]


def noisy(kind: str) -> bytes:
    return encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)), kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
def test_a_file_cut_in_half_is_found(kind):
    data = noisy(kind)
    Decoding().picture(data)
    with pytest.raises(Unusable, match=r"truncated|not a"):
        Decoding().picture(data[: len(data) // 2])


def test_a_file_of_another_kind_is_no_picture():
    for data in (b"", b"hello", b"\x89PNG\r\n\x1a\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"):
        with pytest.raises(Unusable, match="not a PNG"):
            Decoding().picture(data)


@pytest.mark.filterwarnings("ignore")
def test_damage_of_any_kind_is_one_kind_of_error():
    dice = Dice(0)
    refused = 0
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        whole = noisy(kind)
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(dice.randint(1, 8)):
                data[dice.randrange(min(len(data), 200))] = dice.randrange(256)
            try:
                Decoding().picture(bytes(data))
            except Unusable:
                refused += 1
    assert refused > 100


def test_crop_keeps_the_proportions_and_stretch_does_not():
    # Left third black, the rest white, 4 high and 12 wide: the middle square of the crop is all white.
    wide = np.full((4, 12), 255, np.uint8)
    wide[:, :4] = 0
    image, _ = Decoding(1).picture(encoded(Image.fromarray(wide)))
    assert Decoding(1, size=(4, 4), resize="crop").levels(image).tolist() == [[[255] * 4] * 4]
    stretched = Decoding(1, size=(4, 4), resize="stretch").levels(image)[0, 0]
    assert stretched[0] < 30
    assert stretched[3] > 225


def test_a_picture_of_the_right_size_is_left_alone():
    values = np.random.default_rng(0).integers(0, 256, (4, 6), np.uint8)
    image, _ = Decoding(1).picture(encoded(Image.fromarray(values)))
    for how in ("refuse", "crop", "stretch"):
        assert Decoding(1, size=(4, 6), resize=how).levels(image)[0].tolist() == values.tolist()
