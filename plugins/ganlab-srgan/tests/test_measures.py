"""Each number against one worked out by hand or by another implementation."""

import numpy as np
import pytest
import torch
from ganlab_srgan import measures
from ganlab_srgan.scaling import enlarged, reduced
from scipy.linalg import sqrtm
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

import ganlab.testing

TRUTH = ganlab.testing.ToyRandom(6, 1).uniform(3, 32, 24, low=-0.9, high=0.9)
MADE = TRUTH + 0.1 * ganlab.testing.ToyRandom(6, 2).normal(3, 32, 24)


def test_psnr_is_what_scikit_image_says():
    wanted = [peak_signal_noise_ratio(a.numpy(), b.numpy(), data_range=2.0) for a, b in zip(TRUTH, MADE, strict=True)]
    assert measures.psnr(MADE, TRUTH).tolist() == pytest.approx(wanted, rel=1e-5)


def test_psnr_by_hand():
    assert measures.psnr(TRUTH + 0.02, TRUTH).tolist() == pytest.approx([40.0] * 6, rel=1e-4)  # 20 log10 (2 / 0.02)
    assert measures.psnr(TRUTH, TRUTH).tolist() == [100.0] * 6


def test_luma_is_that_of_the_publications():
    """Y = 16 + 65.481 R + 128.553 G + 24.966 B in 0..255, of which differences count."""
    white, black = measures.luma(torch.ones(1, 3, 8, 8), 1), measures.luma(-torch.ones(1, 3, 8, 8), 1)
    assert white.shape == (1, 1, 6, 6)
    assert float((white - black).mean()) / 2 * 255 == pytest.approx(219.0, rel=1e-5)
    assert torch.equal(measures.luma(TRUTH[:, :1], 0), TRUTH[:, :1])


def test_ssim_is_what_scikit_image_says():
    for made, truth, found in zip(MADE, TRUTH, measures.ssim(MADE, TRUTH).tolist(), strict=True):
        _, everywhere = structural_similarity(
            truth.double().numpy(),
            made.double().numpy(),
            channel_axis=0,
            data_range=2.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        assert found == pytest.approx(everywhere[:, 5:-5, 5:-5].mean(), rel=1e-6)


def test_half_as_strong_has_a_quarter_of_the_energy_and_blur_has_little():
    whole = measures.high_frequency(TRUTH)
    assert measures.high_frequency(0.5 * TRUTH) == pytest.approx(whole / 4, rel=1e-6)
    assert measures.high_frequency(enlarged(reduced(TRUTH, 4), 4)) < 0.02 * whole
    assert measures.high_frequency(torch.linspace(-1, 1, 32).expand(1, 3, 32, 32)) < 1e-12
    dot = torch.zeros(1, 1, 7, 7)
    dot[0, 0, 3, 3] = 0.9  # 0.8 of it is left, and -0.1 of each of eight neighbours: 0.72 of 25 pixels
    assert measures.high_frequency(dot) == pytest.approx((0.8**2 + 8 * 0.1**2) / 25, rel=1e-6)


@pytest.mark.parametrize(("count", "size"), [(50, 4), (5, 9)])
def test_the_frechet_distance_is_the_published_formula(count, size):
    random = ganlab.testing.ToyRandom(count, 4)
    a, b = random.normal(size).double(), 0.3 + 1.7 * random.normal(size).double()
    one, other = (np.cov(each.T.numpy(), bias=True) for each in (a, b))
    wanted = float((a.mean(0) - b.mean(0)).square().sum()) + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert measures.frechet(a, b) == pytest.approx(wanted, rel=1e-4)
    assert measures.frechet(a, a) == pytest.approx(0.0, abs=1e-9)
