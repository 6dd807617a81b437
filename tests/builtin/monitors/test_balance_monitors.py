"""Balance is a trouble only where somebody suffers: what healthy games look like passes without a word."""

from __future__ import annotations

from ganlab import Severity
from ganlab.builtin.monitors.discriminator_dominates import DiscriminatorDominates
from ganlab.builtin.monitors.discriminator_over_fits import DiscriminatorOverFits
from ganlab.builtin.monitors.discriminator_useless import DiscriminatorUseless
from ganlab.builtin.monitors.oscillation import Oscillation
from ganlab.builtin.monitors.stale_discriminator import StaleDiscriminator
from ganlab.testing import MonitorConformance
from ganlab.testing.watch import findings


def tick(
    coverage: float | None = 0.6,
    *,
    auc: float = 0.6,
    gap: float = 0.2,
    probe: float = 0.1,
    gradient: float = 1.0,
    sign: float = 0.2,
) -> dict[str, float]:
    """One of a game with one view, as the diagnostics name it."""
    numbers = {
        "balance/image/auc": auc,
        "balance/image/logit-gap": gap,
        "balance/image/sign-real": sign,
        "probe-gap/image": probe,
        "gradient-norm/generator": gradient,
        "gradient-norm/image": 1.0,
        "learning-rate/generator": 1e-3,
        "learning-rate/image": 1e-4,
    }
    return numbers if coverage is None else numbers | {"coverage/raw@flatten": coverage}


class TestStaleDiscriminator(MonitorConformance):
    healthy = [*[tick(0.0, probe=1.2)] * 20, *[tick(0.5, probe=1.0)] * 30]
    """Digits: held back by R1, a discriminator is behind its copies all the time, and all is well."""
    ill = [tick(0.02, probe=0.9)] * 40

    def make(self) -> StaleDiscriminator:
        return StaleDiscriminator()

    def test_the_difference_of_the_learning_rates_is_the_first_cause(self) -> None:
        (finding,) = findings(self.make(), self.ill)
        assert finding.subject == "image"
        assert finding.severity is Severity.WARNING
        assert finding.causes[0] == "its learning rate (0.0001) is 10 times less than the generator's"
        assert "players.image.optimizer.lr" in finding.advice

    def test_without_a_coverage_nothing_is_said(self) -> None:
        assert findings(self.make(), [tick(None, probe=1.2)] * 50) == []

    def test_it_is_over_when_the_discriminator_keeps_up(self) -> None:
        *_, end = findings(self.make(), [*self.ill, *[tick(0.3, probe=0.1)] * 2])
        assert end.over
        assert end.subject == "image"


class TestDiscriminatorDominates(MonitorConformance):
    healthy = [*[tick(0.0, auc=0.99, gap=6.0)] * 25, *[tick(0.95, auc=0.97, gap=5.0)] * 40]
    """Photographs with dcgan: it tells nearly every fake, and coverage is as good as it can be."""
    ill = [*[tick(0.6)] * 30, *[tick(0.1, auc=0.98, gap=5.0)] * 10]

    def make(self) -> DiscriminatorDominates:
        return DiscriminatorDominates()

    def test_a_critic_whose_logits_are_far_apart_need_not_tell_fakes(self) -> None:
        assert findings(self.make(), [tick(0.05, auc=0.7, gap=40.0)] * 60) == []

    def test_a_starved_discriminator_that_orders_tiny_logits_does_not_dominate(self) -> None:
        assert findings(self.make(), [tick(0.0, auc=0.97, gap=0.02, sign=0.95)] * 60) == []

    def test_a_gradient_that_has_vanished_is_harm_where_no_coverage_is_measured(self) -> None:
        run = [*[tick(None)] * 10, *[tick(None, auc=0.999, gap=20.0, gradient=1e-4)] * 5]
        (finding,) = findings(self.make(), run)
        assert finding.sentence == (
            "the discriminator 'image' tells nearly every fake (AUC 1.00), and the gradient of 'generator' has vanished"
        )
        assert finding.evidence["gradient-norm/generator"] == 1e-4


class TestDiscriminatorUseless(MonitorConformance):
    healthy = [*[tick(0.0, auc=0.5)] * 25, *[tick(0.6, auc=0.5)] * 40]
    ill = [tick(0.03, auc=0.5)] * 60

    def make(self) -> DiscriminatorUseless:
        return DiscriminatorUseless()


def known(accuracy: float, held_out: float, over_fit: float, sign: float = 0.9) -> dict[str, float]:
    return {
        "balance/image/sign-real": sign,
        "balance/image/accuracy-real": accuracy,
        "balance/image/accuracy-held-out": held_out,
        "balance/image/over-fit": over_fit,
    }


class TestDiscriminatorOverFits(MonitorConformance):
    healthy = [*[known(0.8, 0.75, 0.2)] * 20, known(0.9, 0.3, 0.9), *[known(0.8, 0.75, 0.2)] * 20]
    ill = [*[known(0.8, 0.75, 0.2)] * 20, *[known(0.97, 0.3, 0.8)] * 5]

    def make(self) -> DiscriminatorOverFits:
        return DiscriminatorOverFits()

    def test_without_held_out_data_nothing_is_said(self) -> None:
        run = [{"balance/image/sign-real": 1.0, "balance/image/accuracy-real": 1.0}] * 30
        assert findings(self.make(), run) == []


def turning(hop: float, gain: float, coverage: float) -> dict[str, float]:
    return {
        "oscillation/hop@flatten": hop,
        "oscillation/progress@flatten": gain,
        "coverage/raw@flatten": coverage,
    }


class TestOscillation(MonitorConformance):
    healthy = [*[turning(0.5, 0.0, 0.02)] * 20, *[turning(0.4, 0.0, 0.5)] * 40]
    """Games turn at the beginning, and some that end well go on turning."""
    ill = [turning(0.5, 0.1 if tick % 2 else -0.1, 0.02) for tick in range(60)]

    def make(self) -> Oscillation:
        return Oscillation()

    def test_who_hops_towards_the_data_makes_progress(self) -> None:
        assert findings(self.make(), [turning(0.5, 0.06, 0.02)] * 60) == []

    def test_who_stands_still_does_not_run_in_circles(self) -> None:
        assert findings(self.make(), [turning(0.01, 0.0, 0.02)] * 60) == []
