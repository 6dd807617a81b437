"""The three losses against numbers worked out by hand, and against the paper's own form of the first."""

import pytest
import torch
from ganlab_relativistic_average import RelativisticAverage
from torch.nn.functional import binary_cross_entropy_with_logits

import ganlab.testing
from ganlab.plugins import Plugins

REAL = torch.tensor([1.0, 0.0])  # on average 0.5
FAKE = torch.tensor([0.0, -1.0])  # on average -0.5


class TestLogistic(ganlab.testing.LossConformance):
    def make(self):
        return RelativisticAverage()


class TestHinge(ganlab.testing.LossConformance):
    def make(self):
        return RelativisticAverage(kind="hinge")


class TestLeastSquares(ganlab.testing.LossConformance):
    def make(self):
        return RelativisticAverage(kind="least-squares")


def test_hinge_by_hand():
    loss = RelativisticAverage(kind="hinge")
    real, fake = loss.discriminator(REAL, FAKE)
    assert real.tolist() == [0.0, 0.5]  # leads of 1.5 and 0.5
    assert fake.tolist() == [0.5, 0.0]
    # Fakes trail by 0.5 and 1.5: 1.5 and 2.5. Real data lead by 1.5 and 0.5: 2.5 and 1.5, on average 2.
    assert loss.generator(FAKE, REAL).tolist() == [3.5, 4.5]


def test_least_squares_by_hand():
    loss = RelativisticAverage(kind="least-squares")
    real, fake = loss.discriminator(REAL, FAKE)
    assert real.tolist() == [0.25, 0.25]
    assert fake.tolist() == [0.25, 0.25]
    # (-0.5 - 1)^2 and (-1.5 - 1)^2, and on average 4.25 for the real side.
    assert loss.generator(FAKE, REAL).tolist() == [6.5, 10.5]


def test_logistic_is_the_papers_cross_entropy():
    real, fake = torch.randn(2, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ones, zeros = torch.ones(64, dtype=torch.float64), torch.zeros(64, dtype=torch.float64)
    real_lead, fake_lead = real - fake.mean(), fake - real.mean()
    loss = RelativisticAverage()
    of_real, of_fake = loss.discriminator(real, fake)
    assert of_real.mean().item() == pytest.approx(binary_cross_entropy_with_logits(real_lead, ones).item(), rel=1e-12)
    assert of_fake.mean().item() == pytest.approx(binary_cross_entropy_with_logits(fake_lead, zeros).item(), rel=1e-12)
    swapped = binary_cross_entropy_with_logits(fake_lead, ones) + binary_cross_entropy_with_logits(real_lead, zeros)
    assert loss.generator(fake, real).mean().item() == pytest.approx(swapped.item(), rel=1e-12)


@pytest.mark.parametrize("kind", ["logistic", "hinge", "least-squares"])
def test_only_differences_count(kind):
    loss = RelativisticAverage(kind=kind)
    for before, after in zip(loss.discriminator(REAL, FAKE), loss.discriminator(REAL + 7, FAKE + 7), strict=True):
        assert torch.allclose(before, after)
    assert torch.allclose(loss.generator(FAKE, REAL), loss.generator(FAKE + 7, REAL + 7))


def test_ganlab_finds_it_and_checks_its_option():
    entry = Plugins().find("losses", "relativistic-average")
    assert entry.origin.distribution == "ganlab-relativistic-average"
    assert entry.resolve({}, "loss") == {"kind": "logistic"}
    with pytest.raises(ganlab.RecipeError, match=r"loss.kind: must be .*Did you mean 'hinge'"):
        entry.resolve({"kind": "hing"}, "loss")
