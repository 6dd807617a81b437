"""Pixels of sheets, strips and plots, counted by hand."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from ganlab import Picture, pictures
from ganlab.pictures import CANVAS, GAP, MAGENTA, NEUTRAL, draw, png

GREY = [NEUTRAL] * 3


def test_sixty_four_digits_of_sixteen_pixels_are_enlarged_four_times_in_eight_rows_of_eight():
    sheet = draw(Picture("image", torch.full((64, 1, 16, 16), -1.0)))
    assert sheet.shape == (8 * 64 + 7 * GAP, 8 * 64 + 7 * GAP, 3)
    assert sheet.dtype == np.uint8
    assert sheet[0, 0].tolist() == [0, 0, 0]
    assert sheet[64, 10].tolist() == GREY
    assert sheet[65, 10].tolist() == GREY
    assert sheet[66, 10].tolist() == [0, 0, 0]


def test_minus_one_is_black_zero_is_middle_grey_and_one_is_white_and_what_lies_beyond_is_clipped():
    data = torch.tensor([-7.0, -1.0, 0.0, 1.0, 7.0, 0.5]).reshape(1, 1, 1, 6)
    sheet = draw(Picture("image", data))
    pixel = sheet.shape[1] // 6
    assert sheet[0, pixel // 2 :: pixel, 0].tolist() == [0, 0, 128, 255, 255, 191]


def test_colours_keep_their_order_and_samples_run_along_rows():
    red, green = torch.tensor([1.0, -1, -1]), torch.tensor([-1.0, 1, -1])
    data = torch.stack([red, green]).reshape(2, 3, 1, 1).expand(2, 3, 400, 400)
    sheet = draw(Picture("image", data))
    assert sheet.shape == (400, 2 * 400 + GAP, 3)
    assert sheet[0, 0].tolist() == [255, 0, 0]
    assert sheet[0, 402].tolist() == [0, 255, 0]


def test_places_without_a_sample_are_grey():
    sheet = draw(Picture("image", torch.ones(3, 1, 300, 300)))
    assert sheet.shape == (602, 602, 3)
    assert sheet[450, 450].tolist() == GREY
    assert sheet[450, 150].tolist() == [255, 255, 255]


def test_wide_pictures_lie_in_few_columns_so_that_the_sheet_is_nearly_square():
    sheet = draw(Picture("image", torch.zeros(9, 3, 100, 300)))
    assert sheet.shape == (5 * 100 + 4 * GAP, 2 * 300 + GAP, 3)


def test_alpha_is_laid_on_white():
    red_half_clear = torch.tensor([1.0, -1.0, -1.0, 0.0]).reshape(1, 4, 1, 1)
    assert draw(Picture("image", red_half_clear))[0, 0].tolist() == [255, 128, 128]


def test_a_number_that_is_not_a_number_is_magenta():
    data = torch.zeros(1, 3, 1, 2)
    data[0, 1, 0, 0] = float("nan")
    sheet = draw(Picture("image", data))
    assert sheet[0, 0].tolist() == list(MAGENTA)
    assert sheet[0, -1].tolist() == [128, 128, 128]


def test_a_sheet_of_large_pictures_holds_only_what_fits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, "LARGEST", 1000)
    sheet = draw(Picture("image", torch.zeros(9, 1, 400, 400)))
    assert sheet.shape == (2 * 400 + GAP, 2 * 400 + GAP, 3)


def test_a_clip_is_a_strip_of_its_frames_from_left_to_right():
    clip = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 3, 1, 1, 1).expand(1, 3, 1, 200, 200)
    sheet = draw(Picture("video", clip))
    assert sheet.shape == (200, 600, 3)
    assert sheet[100, [100, 300, 500], 0].tolist() == [0, 128, 255]


def test_half_precision_on_a_graph_is_drawn_like_any_other():
    data = torch.ones(1, 1, 2, 2, dtype=torch.bfloat16, requires_grad=True)
    assert draw(Picture("image", data)).min() == 255


def test_points_lie_on_the_axes_of_the_real_ones_with_positive_upwards():
    real = Picture("point", torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    plot = draw(Picture("point", torch.tensor([[1.0, 1.0]])), real)
    # The axes reach from -1.2 to 1.2: (1, 1) is 2.2 / 2.4 of the way right, and as far up.
    column = round((CANVAS - 1) * 2.2 / 2.4)
    row = CANVAS - 1 - column
    assert plot.shape == (CANVAS, CANVAS, 3)
    assert blue(plot[row, column])
    assert not blue(plot[column, row])
    grey = plot[column, row]
    assert grey[0] == grey[1] == grey[2] < 230


def test_fakes_far_outside_do_not_move_the_axes_and_stick_to_the_edge():
    real = Picture("point", torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    plot = draw(Picture("point", torch.tensor([[1000.0, 0.0]])), real)
    assert blue(plot[CANVAS // 2, CANVAS - 1])


def test_points_that_are_not_finite_are_announced_by_a_magenta_bar():
    plot = draw(Picture("point", torch.tensor([[float("nan"), 0.0], [0.0, 0.0]])))
    assert plot[0, 0].tolist() == list(MAGENTA)
    assert blue(plot[CANVAS // 2, CANVAS // 2])


def test_points_on_a_line_and_a_single_point_can_be_drawn():
    assert blue(draw(Picture("point", torch.zeros(1, 2)))[CANVAS // 2, CANVAS // 2])
    assert draw(Picture("point", torch.randn(10, 1))).shape == (CANVAS, CANVAS, 3)


def test_other_kinds_and_two_colours_cannot_be_drawn():
    assert draw(Picture("volume", torch.zeros(2, 1, 4, 4, 4))) is None
    assert draw(Picture("image", torch.zeros(2, 2, 4, 4))) is None
    assert draw(Picture("image", torch.zeros(0, 3, 4, 4))) is None


def test_a_png_gives_back_the_same_pixels():
    sheet = draw(Picture("image", torch.rand(4, 3, 8, 8) * 2 - 1))
    assert np.array_equal(np.asarray(Image.open(BytesIO(png(sheet)))), sheet)


def blue(pixel: np.ndarray) -> bool:
    red, _, blueness = (int(each) for each in pixel)
    return blueness > red + 50
