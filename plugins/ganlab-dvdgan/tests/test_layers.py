"""Layers that are drawn once and moved: where they come to lie, and that clips may be as long as one asks."""

import pytest
import torch
from ganlab_dvdgan import MovingLayers
from ganlab_dvdgan.layered import laid

from ganlab import Field, GeneratorShapes, RecipeError

LATENT = Field("latent", (8,))


def shapes(frames=3, given=LATENT):
    return GeneratorShapes({"given": given}, {"video": Field("video", (frames, 3, 16, 16))})


def network(frames=3, **options):
    torch.manual_seed(0)
    return MovingLayers(width=4, **options).generator(shapes(frames)).eval()


def test_a_layer_comes_to_lie_where_its_place_says():
    layer, there = torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    place = torch.tensor([[[0.0, 0.0], [0.25, -0.5], [1.0, 0.0]]])  # of a frame 8 wide: 0; 1 right, 2 up; at the edge
    made = laid(torch.full((1, 1, 1, 8, 8), -1.0), layer, there, place)[0, :, 0]
    expected = torch.full((3, 8, 8), -1.0)
    expected[0, 3:5, 3:5] = expected[1, 1:3, 4:6] = expected[2, 3:5, 7:] = 1
    assert torch.allclose(made, expected, atol=1e-5)


def test_half_there_shows_half_of_what_is_behind():
    layer, there = torch.ones(1, 3, 8, 8), torch.full((1, 1, 8, 8), 0.5)
    made = laid(torch.full((1, 1, 3, 8, 8), -1.0), layer, there, torch.zeros(1, 2, 2))
    assert torch.allclose(made, torch.zeros(1, 2, 3, 8, 8), atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"layers": 3, "halved": 1}, {"halved": 2}])
def test_the_first_frames_of_a_longer_clip_are_those_of_a_shorter_one(options):
    latent = torch.randn(2, 8)
    longer, shorter = network(9, **options)(latent), network(3, **options)(latent)
    assert shorter.shape == (2, 3, 3, 16, 16)
    assert shorter.abs().max() <= 1
    assert torch.allclose(longer[:, :3], shorter, atol=1e-5)


def test_frames_that_were_given_and_layers_without_a_pixel_are_refused():
    with pytest.raises(RecipeError, match="not of frames"):
        MovingLayers().generator(shapes(given=Field("video", (2, 3, 16, 16))))
    with pytest.raises(RecipeError, match="halved = 3"):
        MovingLayers(halved=3).generator(shapes())
