"""Readers see what is right in real samples, whatever blur and noise do to them, and are not taken in by mush."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import conv2d, interpolate, pad

from ganlab.builtin.truths.corridor import Corridor
from ganlab.builtin.truths.drawn import DrawnTruth
from ganlab.builtin.truths.ground_plane import GroundPlane
from ganlab.builtin.truths.joint_parts import JointParts
from ganlab.builtin.truths.mirrored import Mirrored
from ganlab.builtin.truths.scenes import Scenes, against

COUNT = 256


def truth_of(name: str, size: int = 32, channels: int = 3) -> DrawnTruth:
    makers = {
        "scenes": lambda: Scenes(size, channels, 1, 3),
        "three": lambda: Scenes(size, channels, 3, 3),
        "corridor": lambda: Corridor(size, channels),
        "ground-plane": lambda: GroundPlane(size, channels, 3),
        "mirrored": lambda: Mirrored(size, channels),
        "joint-parts": lambda: JointParts(size, channels),
    }
    return makers[name]()


NAMES = ("scenes", "three", "corridor", "ground-plane", "mirrored", "joint-parts")


def real(truth: DrawnTruth, count: int = COUNT) -> torch.Tensor:
    return truth.draw(count, torch.Generator().manual_seed(7))[0]


def blurred(pictures: torch.Tensor, sigma: float) -> torch.Tensor:
    reach, channels = math.ceil(3 * sigma), pictures.shape[1]
    kernel = torch.exp(-((torch.arange(-reach, reach + 1) / sigma) ** 2) / 2)
    kernel = (kernel / kernel.sum()).repeat(channels, 1, 1, 1)
    wide = pad(pictures, [reach] * 4, mode="replicate")
    return conv2d(conv2d(wide, kernel, groups=channels), kernel.mT, groups=channels)


def noisy(pictures: torch.Tensor, sigma: float) -> torch.Tensor:
    return pictures + sigma * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(8))


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (32, 3), (64, 1)])
@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_told_from_its_control_and_from_what_needs_no_game(name, size, channels):
    truth = truth_of(name, size, channels)
    found = truth.calibrate(real(truth))
    assert set(found) == set(truth.properties)
    for each, calibration in found.items():
        assert calibration.passes, f"{each}: {calibration.reason}"
        assert calibration.baseline < 0.35, f"{each}: {calibration}"


@pytest.mark.parametrize(
    ("spoilt", "least"),
    [
        (lambda pictures: blurred(pictures, 0.5), 0.98),
        (lambda pictures: blurred(pictures, 1.0), 0.95),
        (lambda pictures: noisy(pictures, 0.05), 0.98),
        (lambda pictures: noisy(pictures, 0.15), 0.93),
        (lambda pictures: interpolate(pictures, scale_factor=2), 0.95),
    ],
    ids=["blur of half a pixel", "blur of a pixel", "a little noise", "much noise", "twice the size"],
)
@pytest.mark.parametrize("name", NAMES)
def test_blur_noise_and_another_size_hardly_change_what_is_read(name, spoilt, least):
    truth = truth_of(name)
    seen = truth.read(spoilt(real(truth)))
    assert seen.readable >= least
    assert min(seen.scores.values()) >= least


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_heavy_blur_is_mush_and_scores_less_than_half(name, channels):
    truth = truth_of(name, channels=channels)
    assert max(truth.read(blurred(real(truth), 3.0)).scores.values()) < 0.35


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_noise_and_empty_pictures_are_not_readable(name, channels):
    truth = truth_of(name, channels=channels)
    noise = torch.randn(32, channels, 32, 32, generator=torch.Generator().manual_seed(1))
    levels = torch.linspace(-1, 1, 9)[:, None, None, None].expand(-1, channels, 32, 32)
    for nothing in (noise, noise / 4, levels, torch.full((4, channels, 32, 32), torch.nan)):
        seen = truth.read(nothing)
        assert seen.readable == 0
        assert set(seen.scores.values()) == {0.0}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_with_one_number_that_is_not_finite_is_not_readable(name):
    truth = truth_of(name)
    pictures = real(truth, 64)
    pictures[::2, 0, 5, 5] = torch.inf
    assert truth.read(pictures).readable == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(0, 3, 32, 32), (2, 3, 0, 0), (2, 0, 4, 4), (3, 1, 1, 1), (2, 4, 7, 40), (1, 3, 200, 9)]
)
def test_pictures_of_any_shape_are_read(name, shape):
    seen = truth_of(name).read(torch.zeros(shape))
    assert all(math.isnan(score) if not shape[0] else score == 0 for score in seen.scores.values())


def test_halves_and_whole_numbers_are_read_too():
    truth = truth_of("corridor")
    assert truth.read(real(truth, 32).half()).scores["vanishing-point"] == 1
    assert truth.read(torch.zeros(2, 3, 32, 32, dtype=torch.int64)).readable == 0


@pytest.mark.parametrize("name", NAMES)
def test_reading_and_controls_leave_the_random_numbers_alone_and_are_the_same_each_time(name):
    truth, before = truth_of(name), torch.random.get_rng_state()
    pictures = real(truth, 64)
    kept = pictures.clone()
    assert truth.read(pictures) == truth_of(name).read(pictures)
    assert torch.equal(pictures, kept)
    for each in truth.properties:
        assert torch.equal(truth.control(each, 16), truth.control(each, 16))
    for each in truth.baselines:
        assert torch.equal(truth.baseline(each, 16), truth.baseline(each, 16))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", NAMES)
def test_a_control_or_baseline_that_there_is_not_is_an_error(name):
    with pytest.raises(KeyError, match="no property 'nonesuch'; expected one of"):
        truth_of(name).control("nonesuch", 4)
    with pytest.raises(KeyError, match="no baseline 'nonesuch'; expected one of mean, mush, shuffled"):
        truth_of(name).baseline("nonesuch", 4)


def test_one_wrong_property_leaves_the_others_right():
    truth = truth_of("scenes")
    for broken in ("position", "spacing", "count"):
        scores = truth.read(truth.control(broken, COUNT)).scores
        assert scores[broken] < 0.45
        assert scores["shapes"] > 0.95
    assert truth.read(truth.control("position", COUNT)).scores["spacing"] > 0.95


# The reference figures are those of an earlier miniature (shared notes, section 3.2): real, and the control's.


def test_lines_meet_to_a_thousandth_of_the_width():
    truth = truth_of("corridor")
    right, wrong = truth.read(real(truth, 512)).values, truth.read(truth.control("vanishing-point", 512)).values
    assert right["vanishing-point/distance"] <= 0.0013
    assert right["vanishing-point/consistent"] == 1
    assert wrong["vanishing-point/distance"] == pytest.approx(0.094, rel=0.1)
    assert wrong["vanishing-point/consistent"] <= 0.027


def test_the_size_law_holds_to_a_hundredth():
    truth = truth_of("ground-plane")
    right, wrong = truth.read(real(truth, 512)), truth.read(truth.control("size-law", 512))
    assert right.values["size-law/cv"] <= 0.012
    assert right.values["size-law/ratio"] == pytest.approx(0.31, rel=0.01)  # the radius over the depth, as drawn
    assert wrong.values["size-law/cv"] >= 0.30
    assert wrong.scores["size-law"] <= 0.083


def test_mirrored_halves_agree_and_independent_ones_do_not():
    truth = truth_of("mirrored")
    assert truth.read(real(truth, 512)).values["mirror/agreement"] == 1
    # Two independent cells agree on a colour with chance .35^2 / 7, among those of which one is coloured, 1 - .65^2.
    expected = 0.35**2 / 7 / (1 - 0.65**2)
    assert truth.read(truth.control("mirror", 512)).values["mirror/agreement"] == pytest.approx(expected, abs=0.005)


def test_the_rule_of_the_corners_holds_and_by_chance_in_a_quarter():
    truth = truth_of("joint-parts")
    right, wrong = truth.read(real(truth, 2048)), truth.read(truth.control("rule", 2048))
    assert right.scores["rule"] == 1
    assert right.values["free/entropy"] > 0.995
    assert wrong.scores["rule"] == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / 2048))
    assert truth.read(truth.control("free", 256)).scores == {"rule": 1.0, "free": 0.0}


def test_scenes_asked_for_a_count_must_have_it():
    truth = Scenes(32, 3, 1, 3)
    pictures, facts = truth.draw(300, torch.Generator().manual_seed(0))
    assert truth.read(pictures, {"label": facts["label"]}).scores["count"] > 0.99
    wrong = truth.read(pictures, {"label": (facts["label"] + 1) % 3})
    assert wrong.scores["count"] == 0
    assert wrong.values["count/error"] == pytest.approx(math.sqrt((1 + 1 + 4) / 3), abs=0.1)


def test_a_scene_with_half_a_shape_counts_as_wrong():
    truth = Scenes(32, 1, 1, 1)
    pictures = real(truth, 200)
    assert truth.read(pictures).scores["count"] == 1
    ink = (pictures > 0).float()
    rows = torch.arange(32.0)[:, None]
    middle = (ink * rows).sum((1, 2, 3), keepdim=True) / ink.sum((1, 2, 3), keepdim=True)
    pictures[(rows < middle).expand_as(pictures)] = -1.0
    seen = truth.read(pictures)
    assert seen.scores["count"] < 0.05
    assert seen.scores["shapes"] < 0.05


def test_two_shapes_nearer_than_in_any_real_scene_are_found():
    truth = Scenes(32, 3, 2, 3)
    right, wrong = truth.read(real(truth)).values, truth.read(truth.control("spacing", COUNT)).values
    assert right["spacing/violations"] == 0
    assert right["spacing/nearest"] > 0.33
    assert wrong["spacing/violations"] > 0.98


def test_a_generator_that_always_puts_its_shape_in_one_place_knows_no_positions():
    truth = Scenes(32, 3, 1, 1)
    assert truth.read(real(truth, 1).expand(256, -1, -1, -1)).scores["position"] < 0.15
    assert truth.read(real(truth, 500)).values["position/variation"] < 0.12  # 500 draws of 16 cells: 0.07 on average


def test_variation_is_half_the_sum_of_differences_and_its_floor_what_chance_makes():
    expected = torch.tensor([0.5, 0.5])
    assert against(torch.tensor([100.0, 0.0]), expected)[0] == 0.5
    floor = 2 * math.sqrt(2 * 0.25 / (math.pi * 100)) / 2  # the mean deviation of 100 tosses of a coin, over both sides
    assert against(torch.tensor([100.0, 0.0]), expected)[1] == pytest.approx((0.5 - floor) / (1 - floor))
    assert against(torch.tensor([52.0, 48.0]), expected) == (pytest.approx(0.02), 0.0)
    assert against(torch.zeros(2), expected) == (1.0, 1.0)
