"""Copies, budgets that buy nothing, and pictures that only look right."""

from __future__ import annotations

from ganlab import Severity
from ganlab.builtin.monitors.failing_truth import FailingTruth
from ganlab.builtin.monitors.memorisation import Memorisation
from ganlab.builtin.monitors.stalled_quality import StalledQuality
from ganlab.testing import MonitorConformance
from ganlab.testing.watch import findings


def copying(authenticity: float, ct: float, ratio: float, coverage: float = 0.8) -> dict[str, float]:
    return {
        "authenticity@net": authenticity,
        "ct@net": ct,
        "nearest-ratio@net": ratio,
        "coverage@net": coverage,
    }


class TestMemorisation(MonitorConformance):
    healthy = [*[copying(0.56, -1.0, 0.98)] * 10, *[copying(0.59, -9.4, 0.9)] * 10]
    """New data; then a collapse, which C_T takes for copies."""
    ill = [*[copying(0.56, -1.0, 0.98)] * 10, *[copying(0.01, -30.0, 0.1)] * 5]

    def make(self) -> Memorisation:
        return Memorisation()

    def test_a_generator_that_sits_on_a_few_training_data_has_collapsed_and_does_not_copy(self) -> None:
        assert findings(self.make(), [copying(0.0, -30.0, 0.0, coverage=0.05)] * 30) == []

    def test_one_number_alone_tells_nothing(self) -> None:
        assert findings(self.make(), [{"ct@net": -30.0}] * 30) == []

    def test_it_says_what_it_saw(self) -> None:
        (finding,) = findings(self.make(), self.ill)
        assert finding.evidence == {"authenticity": 0.01, "ct": -30.0, "nearest-ratio": 0.1}
        assert finding.severity is Severity.WARNING


class TestStalledQuality(MonitorConformance):
    healthy = [{"frechet-excess@net": 100.0 * 0.9**tick} for tick in range(100)]
    ill = [{"frechet-excess@net": 100.0 * 0.9 ** (tick if tick < 20 else 19)} for tick in range(100)]

    def make(self) -> StalledQuality:
        return StalledQuality()

    def test_it_says_where_the_best_was(self) -> None:
        (finding,) = findings(self.make(), self.ill)
        assert finding.severity is Severity.NOTE
        assert finding.began_kimg == finding.evidence["best-kimg"] == 19.0
        assert finding.kimg == 60.0
        assert "checkpoint nearest to 19 kimg" in finding.advice

    def test_at_the_noise_floor_there_is_nothing_left_to_gain(self) -> None:
        run = [{"frechet-excess@net": 0.5, "frechet-floor@net": 1.0}] * 100
        assert findings(self.make(), run) == []
        run = [{"kid@net": 0.001 if tick % 5 else -0.001} for tick in range(100)]
        assert findings(self.make(), run) == []

    def test_numbers_that_compare_with_training_data_are_judged_too(self) -> None:
        run = [{"frechet-excess-training@net": 2.0, "frechet-floor-training@net": 1.0}] * 100
        assert len(findings(self.make(), run)) == 1

    def test_coverage_is_full_before_samples_are_sharp_and_is_not_judged(self) -> None:
        assert findings(self.make(), [{"coverage@net": 0.9}] * 100) == []


def true(count: float, mirror: float, readable: float = 0.9) -> dict[str, float]:
    return {
        "truth/count/of-real": count,
        "truth/mirror/of-real": mirror,
        "truth/mirror/baseline": 0.02,
        "truth/readable": readable,
    }


class TestFailingTruth(MonitorConformance):
    healthy = [*[true(0.1, 0.1)] * 60, *[true(0.9, 0.8)] * 40]
    """Early on nothing is right yet."""
    ill = [true(0.9, 0.04)] * 100

    def make(self) -> FailingTruth:
        return FailingTruth()

    def test_it_names_the_property_and_what_it_is_about(self) -> None:
        (finding,) = findings(self.make(), self.ill)
        assert finding.subject == "mirror"
        assert finding.evidence["truth/mirror/baseline"] == 0.02
        assert finding.sentence == (
            "the generator gets mirror wrong: 4% of what real data score (global structure: the halves do not mirror "
            "each other)"
        )

    def test_raw_weights_are_judged_where_they_alone_are_read(self) -> None:
        (finding,) = findings(self.make(), [{"truth/mirror/of-real/raw": 0.04}] * 100)
        assert finding.subject == "mirror"

    def test_what_cannot_be_read_is_not_yet_learnt(self) -> None:
        found = findings(self.make(), [true(0.9, 0.04, readable=0.1)] * 100)
        assert "too blurred or broken to be read" in found[0].causes[0]
