"""A user's own files: read as a dataset reads them, written so that they can be read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab import Field
from ganlab.builtin.files import band_png, ganlab_find_writer, ganlab_read_given

COLOUR = Field("image", (3, 8, 8))
GREY = Field("image", (1, 8, 8))
CLIP = Field("video", (2, 3, 8, 8))


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_a_picture_keeps_its_size_and_takes_the_channels_of_the_field(tmp_path: Path) -> None:
    levels = pixels(5, 7, 3)
    Image.fromarray(levels).save(tmp_path / "a.png")
    colour, grey = (ganlab_read_given(tmp_path / "a.png", field) for field in (COLOUR, GREY))
    assert colour is not None
    assert colour.data is not None
    np.testing.assert_allclose(colour.data.numpy(), levels.transpose(2, 0, 1) / 127.5 - 1, atol=1e-6)
    assert grey is not None
    assert grey.data is not None
    luma = levels @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(grey.data[0].numpy(), luma / 127.5 - 1, atol=1.01 / 127.5)


def test_grey_of_16_bits_is_scaled_and_repeated_where_colour_was_trained(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 65535, np.uint16)).save(tmp_path / "a.png")
    found = ganlab_read_given(tmp_path / "a.png", COLOUR)
    assert found is not None
    assert found.data is not None
    assert torch.equal(found.data, torch.ones(3, 4, 4))


def test_what_is_damaged_has_a_problem_and_what_is_no_picture_is_not_answered(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (tmp_path / "notes.txt").write_text("a picture")
    damaged = ganlab_read_given(tmp_path / "a.png", COLOUR)
    assert damaged is not None
    assert damaged.data is None
    assert damaged.problem
    assert ganlab_read_given(tmp_path / "notes.txt", COLOUR) is None
    assert ganlab_read_given(tmp_path, COLOUR) is None
    assert ganlab_read_given(tmp_path / "a.png", Field("volume", (1, 8, 8, 8))) is None


def test_a_condition_of_many_channels_is_in_no_file(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    found = ganlab_read_given(tmp_path / "a.png", Field("image", (5, 8, 8)))
    assert found is not None
    assert "FILE.npz" in found.problem


def test_a_folder_of_frames_is_a_clip_ordered_by_number(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        Image.new("RGB", (6, 4), (number, 0, 0)).save(tmp_path / f"frame{number}.png")
    found = ganlab_read_given(tmp_path, CLIP)
    assert found is not None
    assert found.data is not None
    assert found.data.shape == (3, 3, 4, 6)
    assert ((found.data[:, 0, 0, 0] + 1) * 127.5).round().tolist() == [1, 2, 10]
    Image.new("RGB", (6, 5)).save(tmp_path / "frame11.png")
    odd = ganlab_read_given(tmp_path, CLIP)
    assert odd is not None
    assert odd.problem == "not usable: frame 'frame11.png' is 5 x 6, and the first frame 4 x 6"


def test_a_folder_of_films_is_no_clip(tmp_path: Path) -> None:
    Image.new("P", (4, 4)).save(tmp_path / "a.gif")
    assert ganlab_read_given(tmp_path, CLIP) is None


def test_a_gif_is_read_as_it_was_written(tmp_path: Path) -> None:
    levels = torch.zeros(3, 3, 4, 6, dtype=torch.uint8)
    levels[0, 0], levels[1, 1], levels[2, 2] = 255, 255, 255
    writer = ganlab_find_writer(".gif", "video")
    assert writer is not None
    writer.write(tmp_path / "a.gif", levels)
    found = ganlab_read_given(tmp_path / "a.gif", CLIP)
    assert found is not None
    assert found.data is not None
    assert torch.equal(found.data, levels / 127.5 - 1)
    data = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "cut.gif").write_bytes(data[: len(data) // 2])
    broken = ganlab_read_given(tmp_path / "cut.gif", CLIP)
    assert broken is not None
    assert broken.problem


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_is_read_as_it_was_written(channels: int, tmp_path: Path) -> None:
    levels = torch.from_numpy(pixels(channels, 5, 7))
    writer = ganlab_find_writer(".png", "image")
    assert writer is not None
    writer.write(tmp_path / "a.png", levels)
    back = np.asarray(Image.open(tmp_path / "a.png")).reshape(5, 7, channels)
    assert np.array_equal(back, levels.permute(1, 2, 0).numpy())


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_written_in_bands_is_what_pillow_reads(channels: int, tmp_path: Path) -> None:
    levels = torch.from_numpy(pixels(channels, 600, 9))
    with (tmp_path / "a.png").open("xb") as file:
        band_png.write(file, levels)
    back = np.asarray(Image.open(tmp_path / "a.png")).reshape(600, 9, channels)
    assert np.array_equal(back, levels.permute(1, 2, 0).numpy())


def test_nobody_here_writes_what_is_neither() -> None:
    assert ganlab_find_writer(".mp4", "video") is None
    assert ganlab_find_writer(".png", "point") is None
