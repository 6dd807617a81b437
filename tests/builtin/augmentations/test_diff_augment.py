"""DiffAugment: what each policy does to a picture, and what moves with it."""

from __future__ import annotations

import pytest
import torch

from ganlab import RecipeError, View

POLICIES = ("color", "translation", "cutout")


@pytest.fixture
def only(augmentation, random):
    """The view after one policy alone."""

    def apply(policy, view, **options):
        rows = view.data.shape[0]
        return augmentation("diff-augment", policies=(policy,), **options).augment(view, "real", random(rows))

    return apply


@pytest.fixture
def images():
    return torch.rand(64, 3, 8, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_color_is_brightness_then_saturation_then_contrast(only, images, random):
    brightness, saturation, contrast = random(64).uniform(3, 1, 1, 1).unbind(1)
    expected = images + (brightness - 0.5)
    mean = expected.mean(1, keepdim=True)
    expected = (expected - mean) * (2 * saturation) + mean
    mean = expected.mean((1, 2, 3), keepdim=True)
    expected = (expected - mean) * (contrast + 0.5) + mean
    torch.testing.assert_close(only("color", View(images)).data, expected, rtol=1e-5, atol=1e-5)


def test_brightness_shifts_the_mean_by_at_most_a_half(only, images):
    shift = only("color", View(images)).data.mean((1, 2, 3)) - images.mean((1, 2, 3))
    assert shift.abs().max() <= 0.5 + 1e-6
    assert shift.min() < -0.4
    assert shift.max() > 0.4


def test_translation_moves_whole_pixels_by_up_to_an_eighth_and_fills_with_zeros(only):
    dot = torch.zeros(500, 1, 16, 24)
    dot[:, :, 8, 12] = 1.0
    moved = only("translation", View(dot)).data
    assert moved.sum((1, 2, 3)).eq(1).all()
    _, _, rows, columns = moved.nonzero().unbind(1)
    assert set((rows - 8).tolist()) == set(range(-2, 3))
    assert set((columns - 12).tolist()) == set(range(-3, 4))
    ones = only("translation", View(torch.ones(500, 1, 16, 24))).data
    assert set(ones.unique().tolist()) == {0.0, 1.0}
    assert ones.sum((1, 2, 3)).min() == 14 * 21


def test_translation_keeps_every_channel_together(only, images):
    moved = only("translation", View(images)).data
    alone = [only("translation", View(images[:, each : each + 1])).data for each in range(3)]
    assert torch.equal(moved, torch.cat(alone, 1))


def test_cutout_hides_a_quarter_of_the_picture_and_less_at_its_edge(only):
    kept = only("cutout", View(torch.ones(500, 2, 8, 8))).data
    hidden = (kept == 0).sum((2, 3))
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    assert hidden.max() == 16
    assert hidden.min() == 4  # Centred on the last pixel of both sides, two rows and two columns are left of four.


def test_a_picture_given_beside_the_data_is_moved_and_cut_alike_and_keeps_its_colours(augmentation, random):
    data = torch.rand(16, 1, 8, 8) + 0.5
    everything = augmentation("diff-augment").augment(View(data, given=data), "real", random(16))
    assert torch.equal(everything.data == 0, everything.given == 0)
    assert not torch.equal(everything.data, everything.given)
    moved = augmentation("diff-augment", policies=("translation", "cutout")).augment(
        View(data, given=data), "real", random(16)
    )
    assert torch.equal(moved.data, moved.given)


def test_a_map_of_classes_stays_one(only):
    classes = torch.randint(0, 5, (16, 1, 8, 8))
    moved = only("translation", View(torch.rand(16, 3, 8, 8), given=classes)).given
    assert moved.dtype == torch.int64
    assert moved.max() <= 4


@pytest.mark.parametrize("given", [torch.arange(4), torch.rand(4, 1, 2, 2), None])
def test_a_condition_that_is_not_a_picture_of_that_size_stays(given, augmentation, random):
    view = View(torch.rand(4, 3, 8, 8), given=given)
    assert augmentation("diff-augment").augment(view, "fake", random(4)).given is given


def test_probability_zero_is_the_identity(augmentation, random, images):
    view = View(images)
    assert augmentation("diff-augment", probability=0.0).augment(view, "real", random(64)) is view


def test_probability_says_how_many_samples_are_changed(augmentation, random):
    images = torch.rand(2000, 1, 4, 4)
    changed = augmentation("diff-augment", probability=0.3).augment(View(images), "real", random(2000)).data
    share = (changed != images).flatten(1).any(1).float().mean().item()
    assert share == pytest.approx(0.3, abs=0.04)  # One standard error is 0.01.


@pytest.mark.parametrize("policy", POLICIES)
def test_the_generator_learns_through_it(policy, only):
    images = torch.rand(8, 3, 8, 8, requires_grad=True)
    changed = only(policy, View(images)).data
    changed.sum().backward()
    kept = (changed != 0).sum().item()
    assert images.grad.isfinite().all()
    if policy == "color":
        # Saturation keeps a pixel's mean and contrast the picture's, so the sum's gradient is 1 everywhere.
        torch.testing.assert_close(images.grad, torch.ones_like(images), rtol=1e-4, atol=1e-4)
    else:
        assert images.grad.sum().item() == kept


@pytest.mark.parametrize("policy", POLICIES)
def test_a_view_without_rows_is_left_in_peace(policy, only):
    assert only(policy, View(torch.zeros(0, 3, 8, 8))).data.shape == (0, 3, 8, 8)


def test_the_same_draws_give_the_same_change_on_both_sides(augmentation, random, images):
    augment = augmentation("diff-augment").augment
    assert torch.equal(augment(View(images), "real", random(64)).data, augment(View(images), "fake", random(64)).data)


def test_what_is_not_an_image_is_refused(augmentation, random):
    for data, seen in ((torch.zeros(4, 2), r"\(4, 2\)"), (["a cat"], "a list")):
        with pytest.raises(RecipeError, match=f"'diff-augment'.*{seen}"):
            augmentation("diff-augment").augment(View(data), "real", random(4))
