"""Our numbers against the packages of others, on random features, to 1e-6."""

from __future__ import annotations

import numpy as np
import prdc
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.metrics.pairwise import rbf_kernel
from torch import Tensor, nn
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance
from vendi_score import vendi as vendi_score

from ganlab.builtin.metrics import nearest
from ganlab.builtin.metrics.entropy import likeness, rke, vendi
from ganlab.builtin.metrics.frechet import frechet_distance
from ganlab.builtin.metrics.inception import inception_score
from ganlab.builtin.metrics.kernels import kid
from ganlab.builtin.metrics.neighbours import neighbourhoods
from ganlab.builtin.metrics.points import typical_distance
from ganlab.builtin.metrics.similarity import mean_similarity, similarity

pytestmark = pytest.mark.filterwarnings(
    "ignore:Metric `:UserWarning", "ignore:std:UserWarning", "ignore:Please import `csr_matrix`:DeprecationWarning"
)


class Given(nn.Module):
    """Features as they are handed in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, points: Tensor) -> Tensor:
        return points


def sets(n: int, m: int, d: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Correlated, shifted, of unequal scales."""
    draws = torch.Generator().manual_seed(seed)
    real, fake = (torch.randn(count, d, generator=draws, dtype=torch.float64) for count in (n, m))
    mixing = torch.randn(d, d, generator=draws, dtype=torch.float64) / d**0.5
    return real @ mixing + 1, 1.1 * fake @ (mixing + 0.1) + 0.9


SIZES = [(300, 200, 8), (500, 500, 64), (900, 1200, 128)]


@pytest.mark.parametrize("size", [*SIZES, (100, 80, 256)])
def test_the_frechet_distance_is_that_of_torchmetrics_and_of_scipy(size: tuple[int, int, int]) -> None:
    real, fake = sets(*size)
    theirs = FrechetInceptionDistance(feature=Given(size[2])).set_dtype(torch.float64)
    theirs.update(real, real=True)
    theirs.update(fake, real=False)
    ours = frechet_distance(real, fake)
    assert ours == pytest.approx(float(theirs.compute()), rel=1e-6)
    one, other = np.cov(real.numpy(), rowvar=False), np.cov(fake.numpy(), rowvar=False)
    shift = real.mean(0) - fake.mean(0)
    root = sqrtm(one @ other).real
    if size[0] > size[2]:  # the root of a singular product is good to a few digits only
        assert ours == pytest.approx(float(shift @ shift) + np.trace(one + other - 2 * root), rel=1e-6)


@pytest.mark.parametrize("size", [(300, 300, 8), (500, 500, 64)])
def test_kid_is_that_of_torchmetrics(size: tuple[int, int, int]) -> None:
    real, fake = sets(*size)
    theirs = KernelInceptionDistance(feature=Given(size[2]), subsets=1, subset_size=size[0]).set_dtype(torch.float64)
    theirs.update(real, real=True)
    theirs.update(fake, real=False)
    assert kid(real, fake) == pytest.approx(float(theirs.compute()[0]), rel=1e-6)


@pytest.mark.parametrize("multiplied", ["in float64", "in float32"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("neighbours", [1, 5])
def test_precision_recall_density_and_coverage_are_those_of_prdc(
    size: tuple[int, int, int], neighbours: int, multiplied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if multiplied == "in float32":
        monkeypatch.setattr(nearest, "SMALL", 0)
    real, fake = sets(*size)
    theirs = prdc.compute_prdc(real.numpy(), fake.numpy(), neighbours)
    ours = vars(neighbourhoods(real, fake, neighbours=neighbours))
    assert ours == pytest.approx({name: float(value) for name, value in theirs.items()}, rel=1e-6)
    as_floats = vars(neighbourhoods(real.float(), fake.float(), neighbours=neighbours))
    theirs = prdc.compute_prdc(real.float().double().numpy(), fake.float().double().numpy(), neighbours)
    assert as_floats == pytest.approx({name: float(value) for name, value in theirs.items()}, rel=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_the_vendi_score_is_that_of_its_authors_and_so_is_the_order_of_two(size: tuple[int, int, int]) -> None:
    points, _ = sets(*size)
    width = typical_distance(points) / 4
    kernel = rbf_kernel(points.numpy(), gamma=1 / (2 * width**2))
    alike = likeness(points, width)
    assert vendi(alike) == pytest.approx(float(vendi_score.score_K(kernel)), rel=1e-6)
    assert rke(alike) == pytest.approx(float(vendi_score.score_K(kernel, q=2)), rel=1e-6)


def pictures(count: int, channels: int, side: int, seed: int = 0) -> Tensor:
    """Smooth ones, so that some are alike."""
    coarse = torch.randn(count, channels, side // 4, side // 4, generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, size=side, mode="bilinear").tanh()


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (1, 16), (3, 32), (3, 40)])
def test_ssim_is_that_of_torchmetrics(channels: int, side: int) -> None:
    a = pictures(6, channels, side)
    b = (a + 0.3 * pictures(6, channels, side, seed=1)).clamp(-1, 1)
    theirs = structural_similarity_index_measure(
        b.double(), a.double(), data_range=2.0, reduction="none", kernel_size=11, sigma=1.5
    )
    assert similarity(a, b).tolist() == pytest.approx(theirs.tolist(), rel=1e-6)


def test_ms_ssim_is_that_of_torchmetrics() -> None:
    a = pictures(3, 2, 192)
    b = (a + 0.3 * pictures(3, 2, 192, seed=1)).clamp(-1, 1)
    theirs = multiscale_structural_similarity_index_measure(
        b.double(), a.double(), data_range=2.0, reduction="none", normalize="relu"
    )
    assert similarity(a, b).tolist() == pytest.approx(theirs.tolist(), rel=1e-6)


def test_pictures_that_are_equal_are_all_alike_and_small_ones_are_seen_whole() -> None:
    one = pictures(1, 1, 8)
    assert mean_similarity(one.repeat(5, 1, 1, 1), 20) == pytest.approx(1)
    assert mean_similarity(pictures(40, 1, 8), 200) < 0.3
    assert mean_similarity(pictures(40, 1, 8), 200) == mean_similarity(pictures(40, 1, 8), 200)
    assert similarity(one[..., :1, :2], one[..., :1, :2]).tolist() == pytest.approx([1])
    assert np.isnan(mean_similarity(one, 20))


def test_the_inception_score_is_that_of_torchmetrics() -> None:
    logits = 3 * torch.randn(400, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = InceptionScore(feature=Given(12), splits=1).set_dtype(torch.float64)
    theirs.update(logits)
    assert inception_score(logits.softmax(1)) == pytest.approx(float(theirs.compute()[0]), rel=1e-6)
