"""ADA's pipeline: its geometry against explicit matrices, its colours against the paper's 4 x 4 matrices."""

from __future__ import annotations

from math import pi

import pytest
import torch

from ganlab import RecipeError, View
from ganlab.builtin.augmentations.color import recolored
from ganlab.builtin.augmentations.motion import Map

PARTS = ("pixels", "geometry", "color", "noise", "cutout")


@pytest.fixture
def images():
    return torch.rand(32, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def translation(x, y):
    return torch.tensor([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def scaling(x, y):
    return torch.diag(torch.tensor([x, y, 1.0]))


def rotation(angle):
    cos, sin = torch.tensor(angle).cos().item(), torch.tensor(angle).sin().item()
    return torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def test_motions_compose_as_matrices_do(random, images):
    # A motion of the picture by B followed by one by C is a look-up by inverse(C B) = inverse(B) inverse(C).
    motion = Map(images[:1], random(1))
    motion._scale(torch.tensor([2.0]), torch.tensor([0.5]))
    motion._turn(torch.tensor([0.3]))
    motion._shift(torch.tensor([[1.0, -2.0]]))
    motion._scale(torch.tensor([1.5]), torch.tensor([3.0]))
    expected = scaling(2.0, 0.5) @ rotation(0.3) @ translation(1.0, -2.0).inverse() @ scaling(1.5, 3.0)
    torch.testing.assert_close(motion.linear[0], expected[:2, :2])
    torch.testing.assert_close(motion.offset[0], expected[:2, 2])


@pytest.mark.parametrize("size", [(8, 8), (6, 10)])
def test_an_unmoved_picture_is_looked_up_as_it_is(size, random):
    picture = torch.rand(2, 3, *size)
    torch.testing.assert_close(Map(picture, random(2)).look_up(picture), picture, rtol=0, atol=1e-5)


def test_a_shift_moves_to_the_right_and_down_and_mirrors_the_edge(random):
    picture = torch.arange(12.0).reshape(1, 1, 3, 4)
    motion = Map(picture, random(1))
    motion._shift(torch.tensor([[1.0, 1.0]]))
    expected = torch.tensor([[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 1.0, 2.0], [4.0, 4.0, 5.0, 6.0]])
    torch.testing.assert_close(motion.look_up(picture)[0, 0], expected, rtol=0, atol=1e-5)


def test_a_flip_and_a_quarter_turn_move_pixels_exactly(random):
    picture = torch.rand(1, 2, 5, 5)
    flip, turn = Map(picture, random(1)), Map(picture, random(1))
    flip._scale(torch.tensor([-1.0]), torch.tensor([1.0]))
    turn._turn(torch.tensor([pi / 2]))
    torch.testing.assert_close(flip.look_up(picture), picture.flip(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(turn.look_up(picture), picture.rot90(1, (2, 3)), rtol=0, atol=1e-5)


def test_pixels_are_moved_and_never_blended(augmentation, random):
    picture = torch.zeros(200, 1, 16, 16)
    picture[:, :, 5:9, 5:8] = 1.0
    moved = augmentation("ada", parts=("pixels",), probability=1.0).augment(View(picture), "real", random(200)).data
    torch.testing.assert_close(moved, moved.round(), rtol=0, atol=1e-4)
    assert set(moved.sum((1, 2, 3)).round().tolist()) == {12.0}
    assert moved.round().unique(dim=0).shape[0] > 50


def test_a_picture_that_is_not_square_keeps_its_shape(augmentation, random):
    tall = torch.zeros(100, 1, 16, 8)
    tall[:, :, 4:12, 3:5] = 1.0
    moved = (
        augmentation("ada", parts=("pixels",), probability=1.0).augment(View(tall), "real", random(100)).data.round()
    )
    heights = moved.any(3).sum((1, 2))
    assert set(heights.tolist()) == {8}


def test_geometry_keeps_lengths_in_the_mean_and_turns_every_way(random):
    rows = 20000
    motion = Map(torch.zeros(rows, 1, 16, 16), random(rows))
    motion.move_freely(1.0)
    # log2 |det| is 2 * 0.2 * a normal number: scales are log-normal, stretches and turns keep areas.
    areas = motion.linear.det().log2()
    assert areas.mean().item() == pytest.approx(0.0, abs=0.02)
    assert areas.std().item() == pytest.approx(0.4, abs=0.02)
    angles = torch.atan2(motion.linear[:, 1, 0], motion.linear[:, 0, 0])
    quarters = torch.histc(angles, 4, -pi, pi) / rows
    torch.testing.assert_close(quarters, torch.full((4,), 0.25), rtol=0, atol=0.02)


def test_a_turn_comes_with_the_probability_asked_for(random):
    rows = 20000
    motion = Map(torch.zeros(rows, 1, 16, 16), random(rows))
    motion.move_freely(0.3)
    plain = motion.linear[:, 0, 1].abs() < 1e-6
    assert 1 - plain.float().mean().item() == pytest.approx(0.3, abs=0.015)  # One standard error is 0.003.


def color_matrix(brightness, contrast, flip, hue, saturation):
    """Appendix B of the paper, literally: homogeneous 4 x 4 matrices, applied in this order."""
    axis = torch.tensor([1.0, 1.0, 1.0, 0.0]) / 3**0.5
    along, identity = axis[:, None] * axis, torch.eye(4)
    bright = torch.eye(4)
    bright[:3, 3] = brightness
    x = axis[:3]
    cross = torch.tensor([[0, -x[2], x[1]], [x[2], 0, -x[0]], [-x[1], x[0], 0]])
    turned = torch.eye(4)
    turned[:3, :3] = hue.cos() * torch.eye(3) + hue.sin() * cross + (1 - hue.cos()) * x[:, None] * x
    saturated = along + (identity - along) * saturation
    saturated[3, 3] = 1.0
    return (
        saturated @ turned @ (identity - 2 * along * flip) @ torch.diag(torch.tensor([*[contrast] * 3, 1.0])) @ bright
    )


@pytest.mark.parametrize("probability", [0.5, 1.0])
def test_colours_are_those_of_the_papers_matrices(probability, random, images):
    draw = random(32)
    acts = draw.uniform(5, 1, 1, 1).flatten(1) < probability
    brightness, contrast, saturation = draw.normal(3, 1, 1, 1).flatten(1).unbind(1)
    flip = draw.integers(2, 1, 1, 1).flatten()
    hue = draw.uniform(1, 1, 1, low=-pi, high=pi).flatten()
    changed = recolored(images, probability, random(32))
    for row in range(32):
        matrix = color_matrix(
            acts[row, 0] * brightness[row] * 0.2,
            2 ** (acts[row, 1] * contrast[row] * 0.5),
            acts[row, 3] * flip[row],
            acts[row, 4] * hue[row],
            2 ** (acts[row, 2] * saturation[row]),
        )
        expected = torch.einsum("ij,jhw->ihw", matrix[:3, :3], images[row]) + matrix[:3, 3, None, None]
        torch.testing.assert_close(changed[row], expected, rtol=1e-4, atol=1e-4)


def test_grey_pictures_are_recoloured_as_grey_colours_are(random, images):
    gray = images[:, :1]
    torch.testing.assert_close(
        recolored(gray, 0.7, random(32)).expand(-1, 3, -1, -1), recolored(gray.expand(-1, 3, -1, -1), 0.7, random(32))
    )


def test_probability_zero_is_the_identity(augmentation, random, images):
    view = View(images)
    assert augmentation("ada", probability=0.0, parts=PARTS).augment(view, "real", random(32)) is view


def test_the_probability_can_be_set_while_it_runs(augmentation, random):
    images = torch.rand(4000, 1, 4, 4)
    ada = augmentation("ada", probability=0.0, parts=("cutout",))
    ada.probability = 0.4
    changed = ada.augment(View(images), "real", random(4000)).data
    share = (changed != images).flatten(1).any(1).float().mean().item()
    assert share == pytest.approx(0.4, abs=0.03)  # One standard error is 0.008.


@pytest.mark.parametrize("part", PARTS)
def test_the_generator_learns_through_every_part(part, augmentation, random):
    images = torch.rand(8, 3, 8, 8, requires_grad=True)
    changed = augmentation("ada", probability=1.0, parts=(part,)).augment(View(images), "fake", random(8)).data
    changed.square().sum().backward()
    assert images.grad.isfinite().all()
    assert images.grad.abs().sum((1, 2, 3)).min() > 0


def test_a_picture_given_beside_the_data_moves_with_it_and_keeps_its_colours(augmentation, random, images):
    view = View(images, given=images)
    moved = augmentation("ada", probability=0.5, parts=("pixels", "geometry", "cutout")).augment(
        view, "real", random(32)
    )
    assert torch.equal(moved.data, moved.given)
    assert not torch.equal(moved.data, images)
    colored = augmentation("ada", probability=1.0, parts=("color", "noise")).augment(view, "real", random(32))
    assert torch.equal(colored.given, images)
    assert not torch.equal(colored.data, images)


def test_a_map_of_classes_moves_and_has_no_classes_in_between(augmentation, random):
    classes = torch.randint(0, 2, (32, 1, 8, 8)) * 7
    view = View(torch.rand(32, 3, 8, 8), given=classes)
    moved = augmentation("ada", probability=1.0).augment(view, "real", random(32)).given
    assert moved.dtype == torch.int64
    assert set(moved.unique().tolist()) == {0, 7}
    assert not torch.equal(moved, classes)


def test_labels_stay(augmentation, random, images):
    labels = torch.arange(32)
    assert augmentation("ada", probability=1.0).augment(View(images, given=labels), "real", random(32)).given is labels


def test_noise_has_a_strength_of_its_own_for_every_sample(augmentation, random):
    still = torch.zeros(500, 1, 16, 16)
    noisy = augmentation("ada", probability=1.0, parts=("noise",)).augment(View(still), "real", random(500)).data
    strengths = noisy.flatten(1).std(1)
    # Half-normal with 0.1: mean 0.1 sqrt(2 / pi).
    assert strengths.mean().item() == pytest.approx(0.0798, abs=0.008)
    assert strengths.min() < 0.005


def test_a_view_without_rows_is_left_in_peace(augmentation, random):
    empty = View(torch.zeros(0, 3, 8, 8))
    assert augmentation("ada", probability=0.5, parts=PARTS).augment(empty, "real", random(0)).data.shape == (
        0,
        3,
        8,
        8,
    )


def test_the_same_inside_autocast(augmentation, random, images):
    ada = augmentation("ada", probability=0.8, parts=PARTS)
    full = ada.augment(View(images), "real", random(32)).data
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ada.augment(View(images), "real", random(32)).data, full)


def test_what_is_not_an_image_is_refused(augmentation, random):
    with pytest.raises(RecipeError, match=r"'ada'.*\(4, 2\)"):
        augmentation("ada").augment(View(torch.zeros(4, 2)), "real", random(4))
