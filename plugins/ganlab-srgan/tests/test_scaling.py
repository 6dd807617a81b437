"""Pictures are made small and large as Pillow makes them."""

import numpy as np
import pytest
import torch
from ganlab_srgan.scaling import as_kept, enlarged, reduced
from PIL import Image

import ganlab.testing

PICTURE = ganlab.testing.ToyRandom(1, 3).uniform(3, 48, 64, low=-1.0)


def by_pillow(picture, size):
    """Each channel in floating point, so that nothing is rounded on the way."""
    channels = [Image.fromarray(each.numpy(), "F").resize(size, Image.Resampling.BICUBIC) for each in picture[0]]
    return torch.from_numpy(np.stack([np.asarray(each) for each in channels]))[None]


@pytest.mark.parametrize("factor", [2, 4])
def test_smaller_is_pillows_bicubic(factor):
    wanted = by_pillow(PICTURE, (64 // factor, 48 // factor))
    assert (reduced(PICTURE, factor) - wanted).abs().max() < 1e-3


@pytest.mark.parametrize("factor", [2, 4])
def test_larger_is_pillows_bicubic(factor):
    wanted = by_pillow(PICTURE, (64 * factor, 48 * factor))
    assert (enlarged(PICTURE, factor) - wanted).abs().max() < 1e-3


def test_stripes_too_fine_for_the_small_picture_become_grey_and_not_other_stripes():
    stripes = torch.tensor([1.0, -1.0]).repeat(32).expand(1, 3, 64, 64)
    assert reduced(stripes, 4)[..., 2:-2].abs().max() < 0.02  # at the borders, a window is cut and sees one side more
    assert stripes[..., ::4].min() == 1.0  # what leaving out pixels would have made of them: white


def test_a_small_picture_is_one_that_a_file_can_hold():
    kept = as_kept(torch.tensor([-1.2, -1.0, 0.0001, 0.5, 1.3]))
    levels = (kept + 1) * 127.5
    assert torch.allclose(levels, levels.round(), atol=1e-4)
    assert (kept.min(), kept.max()) == (-1.0, 1.0)
