"""Norms that go by what they see: in tiles they are told of the whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ganlab.assemble.tile_norms import settled
from ganlab.assemble.tiles import Box, boxes, from_tiles, levels

SIZE, TILE = (96, 160), 48

NORMS: dict[str, Callable[[], nn.Module]] = {
    "batch": lambda: nn.BatchNorm2d(4),
    "batch without statistics": lambda: nn.BatchNorm2d(4, track_running_stats=False).eval(),
    "instance": lambda: nn.InstanceNorm2d(4, affine=True),
    "group": lambda: nn.GroupNorm(2, 4),
    "layer": lambda: nn.GroupNorm(1, 4),
}


def network_of(norm: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), norm(), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), norm()]
    return nn.Sequential(*layers, nn.Conv2d(4, 3, 3, padding=1), nn.Tanh()).requires_grad_(False)


def picture() -> Tensor:
    """Noise on the left, which fades to nothing."""
    noise = torch.rand((3, *SIZE), generator=torch.Generator().manual_seed(0)) * 2 - 1
    return noise * torch.linspace(1, 0, SIZE[1]).square()


@pytest.mark.parametrize("norm", NORMS)
def test_tiles_are_made_as_parts_of_the_whole(norm: str) -> None:
    network, whole = network_of(NORMS[norm]), picture()

    def make(box: Box) -> Tensor:
        return network(box.cut(whole)[None])[0]

    def error(made: Tensor) -> float:
        return float((made.float() - expected.float()).abs().mean())

    expected = levels(network(whole[None])[0])
    alone = error(from_tiles(make, SIZE, TILE))
    with settled([network], boxes(SIZE, TILE), make):
        assert error(from_tiles(make, SIZE, TILE)) < alone / 3
    assert error(from_tiles(make, SIZE, TILE)) == pytest.approx(alone, rel=0.05)


@pytest.mark.parametrize("boxed", [boxes((32, 32), 32), boxes(SIZE, TILE)])
def test_nothing_is_made_twice_where_nothing_is_to_be_learnt(boxed: list[Box]) -> None:
    norm = NORMS["instance"] if len(boxed) == 1 else lambda: nn.BatchNorm2d(4).eval()
    with settled([network_of(norm)], boxed, lambda box: pytest.fail("made")):
        pass


def test_a_norm_that_is_asked_about_several_samples_stays_as_it_is() -> None:
    network = network_of(NORMS["instance"])
    frames = torch.stack([picture(), 3 * picture()])

    def make(box: Box) -> Tensor:
        return network(box.cut(frames))

    before = make(Box(0, 0, 32, 32))
    with settled([network], boxes(SIZE, TILE), make):
        torch.testing.assert_close(make(Box(0, 0, 32, 32)), before)
