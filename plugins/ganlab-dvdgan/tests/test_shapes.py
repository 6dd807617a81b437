"""Shapes move as physics says, and what is read off a frame is what was drawn."""

import math

import pytest
import torch
from ganlab_dvdgan import MovingShapes
from ganlab_dvdgan.metrics import psnr, ssim
from ganlab_dvdgan.reading import look
from ganlab_dvdgan.rendering import MARGIN, bounced, drawn_scene, rendered

import ganlab
from ganlab.assemble.calibrations import has_truth
from ganlab.plugins import Plugins

RADIUS = 0.16


def scene(count=64, frames=6, shapes=1, radius=RADIUS, seed=0):
    return drawn_scene(count, frames, shapes, (0, 1, 2), radius, (0.0625, 0.125), torch.Generator().manual_seed(seed))


def test_a_wall_turns_a_place_back():
    assert torch.allclose(bounced(torch.tensor([0.3, 1.2, -0.2, 2.1])), torch.tensor([0.3, 0.8, 0.2, 0.1]), atol=1e-6)


def test_a_bounce_loses_no_speed():
    centres = scene(256, 32).centres
    steps = (centres[:, 1:] - centres[:, :-1]).abs()
    away = ((centres > MARGIN * RADIUS + 0.13) & (centres < 1 - MARGIN * RADIUS - 0.13)).all(3)
    free = (away[:, 1:] & away[:, :-1])[..., None].expand_as(steps)
    fastest = torch.where(free, steps, 0).amax(1)
    slowest = torch.where(free, steps, 9).amin(1)
    known = free.any(1)
    assert torch.allclose(fastest[known], slowest[known], atol=1e-5)


def test_a_disc_covers_its_area():
    drawn = rendered(drawn_scene(8, 2, 1, (0,), RADIUS, (0.1, 0.1), torch.Generator().manual_seed(0)), RADIUS, 64)
    area = ((drawn + 1) / 2).amax(2).mean((2, 3))
    assert torch.allclose(area, torch.tensor(math.pi * RADIUS**2), atol=1e-3)


@pytest.mark.parametrize(
    ("size", "shapes", "radius", "noise"), [(16, 1, 0.16, 0.0), (16, 1, 0.16, 0.15), (32, 2, 0.1, 0)]
)
def test_what_is_drawn_is_read(size, shapes, radius, noise):
    drawn = scene(32, 2, shapes, radius)
    frames = rendered(drawn, radius, size).flatten(0, 1)
    seen = look(
        frames + noise * torch.randn(frames.shape, generator=torch.Generator().manual_seed(1)), (0, 1, 2), radius
    )
    colour = drawn.colour[:, None].expand(-1, 2, -1).flatten(0, 1)
    there = seen.there.gather(1, colour)
    right = seen.kind.gather(1, colour) == drawn.kind[:, None].expand(-1, 2, -1).flatten(0, 1)
    off = (seen.centre.gather(1, colour[..., None].expand(-1, -1, 2)) - drawn.centres.flatten(0, 1)).norm(dim=2) * size
    assert there.float().mean() > 0.95
    assert right[there].float().mean() > 0.99
    assert off[there].mean() < 0.12


def test_the_reader_may_report_on_every_property():
    dataset = MovingShapes(samples=2, held_out=64, frames=8)
    real = dataset.held_out.rows(torch.arange(64), None)["video"]
    for name, calibration in dataset.truth.calibrate(real).items():
        assert calibration.passes, f"{name}: {calibration.reason}"
    still = dataset.truth.read(dataset.truth.baseline("copy-last", 32)).scores
    assert still["identity"] == 1
    assert still["motion"] < 0.2
    mush = dataset.truth.read(dataset.truth.baseline("mush", 32)).scores
    assert max(mush.values()) < 0.1


def test_ganlab_selftest_tries_the_reader():
    assert has_truth(Plugins().find("datasets", "moving-shapes"))


def test_a_prediction_is_read_beside_what_came():
    dataset = MovingShapes(samples=2, held_out=32)
    video = dataset.held_out.rows(torch.arange(32), None)["video"]
    real, last = video[:, 2:], video[:, 1:2].expand(-1, 2, -1, -1, -1)
    same = dataset.truth.read(real, {"future": real}).values
    assert same == {"identity/t+1": 1, "centre-error/t+1": 0, "identity/t+2": 1, "centre-error/t+2": 0}
    still = dataset.truth.read(last, {"future": real}).values
    assert still["identity/t+2"] == 1
    assert 1.0 < still["centre-error/t+1"] < 2.0
    assert dataset.truth.read(real.flip(0), {"future": real}).values["identity/t+1"] < 0.3


def test_numbers_that_are_not_finite_are_read_as_nothing():
    seen = look(torch.full((2, 3, 16, 16), torch.nan), (0,), RADIUS)
    assert not seen.there.any()
    assert not seen.clean.any()


def test_other_seeds_draw_other_clips():
    one, same, other = (MovingShapes(samples=4, held_out=4, seed=seed).fingerprint() for seed in (0, 0, 1))
    assert one == same != other


@pytest.mark.parametrize(
    "options", [{"radius": 0.05}, {"slowest": 0.4, "fastest": 0.2}, {"radius": 0.4, "fastest": 0.2}]
)
def test_what_cannot_be_drawn_is_refused(options):
    with pytest.raises(ganlab.RecipeError):
        MovingShapes(**options)


def test_psnr_and_ssim_are_those_of_others():
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    generator = torch.Generator().manual_seed(0)
    real = torch.rand(3, 2, 160, 200, generator=generator) * 2 - 1
    made = (real + 0.2 * torch.randn(real.shape, generator=generator)).clamp(-1, 1)
    for row in range(3):
        theirs = peak_signal_noise_ratio(real[row].numpy(), made[row].numpy(), data_range=2)
        assert psnr(made, real)[row].item() == pytest.approx(theirs, abs=1e-3)
        theirs = structural_similarity(
            real[row].double().numpy(),
            made[row].double().numpy(),
            data_range=2,
            channel_axis=0,
            gaussian_weights=True,
            use_sample_covariance=False,
            full=True,
        )[1].mean()
        assert ssim(made, real)[row].item() == pytest.approx(theirs, abs=1e-3)  # edges are mirrored otherwise
    assert psnr(real, real).tolist() == [60.0] * 3
