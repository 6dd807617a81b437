"""Large pictures in tiles: what a network makes of the whole, and no seam."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganlab.assemble.tiles import Box, from_tiles, levels, mirrored, shares, starts


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def far_off(one: Tensor, other: Tensor) -> int:
    return int((one.int() - other.int()).abs().max())


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("size", [(70, 90), (24, 100), (33, 24)])
def test_a_network_that_sees_little_makes_of_tiles_what_it_makes_of_the_whole(
    scale: int, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    blur = nn.Conv2d(3, 3, 3, padding=1)
    network = nn.Sequential(blur, nn.Upsample(scale_factor=scale), nn.Tanh()).requires_grad_(False)
    picture = noise(3, *size)
    made = from_tiles(lambda box: network(box.cut(picture)[None])[0], size, 24)
    assert far_off(made, levels(network(picture[None])[0])) <= 1


def test_a_network_that_halves_is_given_tiles_that_begin_where_it_halves() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 4, 4), nn.ConvTranspose2d(4, 1, 4, 4), nn.Tanh()).requires_grad_(False)
    picture = noise(1, 64, 100)
    made = from_tiles(lambda box: network(box.cut(picture)[None])[0], (64, 100), 20, aligned=4)
    assert far_off(made, levels(network(picture[None])[0])) <= 1


def test_tiles_that_differ_fade_into_each_other() -> None:
    shades = iter((-1.0, 1.0))
    made = from_tiles(lambda box: torch.full((1, box.height, box.width), next(shades)), (32, 56), 32)
    steps = made[0, 0].int().diff()
    assert (steps >= 0).all()
    assert int(steps.max()) <= 64  # 8 pixels of overlap, over 4 of which 255 levels are climbed
    assert (made[0, 0, 0], made[0, 0, -1]) == (0, 255)


@pytest.mark.parametrize(("whole", "tile"), [(24, 24), (25, 24), (100, 24), (1000, 192)])
def test_what_the_tiles_add_to_a_pixel_is_one(whole: int, tile: int) -> None:
    begin = starts(whole, tile)
    total = torch.zeros(2 * whole)
    for start, share in zip(begin, shares(begin, tile, 2), strict=True):
        assert (share >= 0).all()
        total[2 * start : 2 * (start + tile)] += share
    torch.testing.assert_close(total, torch.ones(2 * whole))


def test_tiles_of_other_sizes_than_asked_for_are_refused() -> None:
    with pytest.raises(ValueError, match="of 24 x 24 it makes 24 x 23"):
        from_tiles(lambda box: torch.zeros(1, box.height, box.width - 1), (24, 60), 24)


def test_clips_are_made_in_tiles_too() -> None:
    clip = noise(2, 3, 40, 40)
    assert far_off(from_tiles(lambda box: box.cut(clip), (40, 40), 16), levels(clip)) <= 1


def test_sides_are_mirrored_to_the_next_multiple() -> None:
    row = torch.tensor([[1.0, 2.0, 3.0]])
    assert mirrored(row, 8)[0].tolist() == [1, 2, 3, 2, 1, 2, 3, 2]
    assert mirrored(row, 8).shape == (8, 8)
    assert torch.equal(mirrored(noise(1, 16, 8), 8), noise(1, 16, 8))


def test_bytes_are_what_they_were_made_of_and_nothing_else() -> None:
    assert levels(torch.tensor([-1.0, 0.0039, 1.0, 7.0, float("nan")])).tolist() == [0, 128, 255, 255, 0]


def test_a_box_cuts_rows_and_columns() -> None:
    assert Box(1, 2, 1, 2).cut(torch.arange(12).reshape(1, 3, 4)).tolist() == [[[6, 7]]]
