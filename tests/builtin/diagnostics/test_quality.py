"""Diagnostics of quality and diversity: what they measure of known points, and what they say where nothing can be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import Diagnostic, Features, Field, RecipeError
from ganlab.builtin.diagnostics.bins import Bins
from ganlab.builtin.diagnostics.coverage import Coverage
from ganlab.builtin.diagnostics.diversity import Diversity
from ganlab.builtin.diagnostics.duplicates import Duplicates
from ganlab.builtin.diagnostics.frechet import Frechet, FrechetInfinity
from ganlab.builtin.diagnostics.inception_score import InceptionScore
from ganlab.builtin.diagnostics.kernels import Kid, Mmd
from ganlab.builtin.diagnostics.likeness import SsimDiversity
from ganlab.builtin.diagnostics.memorisation import Memorisation
from ganlab.builtin.diagnostics.modes import Modes
from ganlab.builtin.diagnostics.neighbours import Neighbours
from ganlab.builtin.diagnostics.sliced import SlicedWasserstein
from ganlab.builtin.metrics.frechet import Reference, frechet_distance
from ganlab.testing import DiagnosticConformance
from ganlab.testing.toy_look import ToyLook
from ganlab.testing.toys import ToyDataset, ToyFeatures, ToySource, ToyTask

COMPARING: dict[str, tuple[Callable[..., Diagnostic], tuple[str, ...]]] = {
    "bins": (Bins, ("ndb", "ndb-under", "binned-js")),
    "coverage": (Coverage, ("coverage", "coverage-wide")),
    "diversity": (Diversity, ("vendi-ratio", "rke-ratio")),
    "duplicates": (Duplicates, ("duplicates", "support")),
    "frechet": (Frechet, ("frechet", "frechet-floor", "frechet-excess")),
    "frechet-infinity": (FrechetInfinity, ("frechet-infinity",)),
    "kid": (Kid, ("kid",)),
    "mmd": (Mmd, ("mmd",)),
    "neighbours": (Neighbours, ("precision", "recall", "density")),
    "sliced-wasserstein": (SlicedWasserstein, ("sliced-wasserstein", "sliced-wasserstein-floor")),
}
"""Those that set real points beside generated ones, and the numbers they give."""

comparing = pytest.mark.parametrize(("make", "names"), COMPARING.values(), ids=COMPARING)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class PointLook(ToyLook):
    """Real and generated points that the test chooses."""

    def __init__(
        self, real: Tensor, fake: Tensor, *, training: Tensor | None = None, features: Features | None = None
    ) -> None:
        super().__init__(features=features)
        self.dataset = ToyDataset()
        self.dataset.held_out = ToySource({"image": real})
        self.dataset.train = ToySource({"image": real if training is None else training})
        self.made = {"image": fake}

    def real(self, count: int, *, held_out: bool = True) -> Any:
        source = self.dataset.held_out if held_out else self.dataset.train
        return {"image": source.tensors["image"][:count]}

    def fake(self, count: int, *, averaged: bool = True) -> Any:
        return {"image": self.made["image"][:count]}


@comparing
def test_names_tell_the_samples_and_the_feature_network(
    make: Callable[..., Diagnostic], names: tuple[str, ...]
) -> None:
    look = PointLook(normal(60, 3), normal(60, 3, seed=1))
    assert list(make(features="flatten").measure(look)) == [f"{name}@toy" for name in names]
    raw = make(features="flatten", weights="raw", of="training").measure(look)
    assert list(raw) == [f"{name}-training/raw@toy" for name in names]
    assert all(math.isfinite(value) for value in raw.values())


@comparing
@pytest.mark.parametrize("trouble", ["a NaN", "an infinity", "one sample", "no sample", "no real sample"])
def test_where_nothing_can_be_said_the_number_is_none(
    make: Callable[..., Diagnostic], names: tuple[str, ...], trouble: str
) -> None:
    real, fake = normal(60, 3), normal(60, 3, seed=1)
    if trouble in ("a NaN", "an infinity"):
        fake[7, 1] = math.nan if trouble == "a NaN" else math.inf
    fake = fake[:1] if trouble == "one sample" else fake[:0] if trouble == "no sample" else fake
    real = real[:0] if trouble == "no real sample" else real
    found = make(features="flatten").measure(PointLook(real, fake))
    assert list(found) == [f"{name}@toy" for name in names]
    assert all(math.isnan(value) for value in found.values())


@comparing
@pytest.mark.parametrize("counts", [(2, 2), (3, 40), (40, 3), (40, 40)])
def test_few_samples_and_identical_ones_are_borne(
    make: Callable[..., Diagnostic], names: tuple[str, ...], counts: tuple[int, int]
) -> None:
    for real, fake in (
        (torch.ones(counts[0], 3), torch.ones(counts[1], 3)),
        (normal(counts[0], 3), torch.zeros(counts[1], 3)),
        (torch.zeros(counts[0], 3), normal(counts[1], 3)),
        (normal(counts[0], 3), normal(counts[1], 3, seed=1)),
    ):
        found = make(features="flatten").measure(PointLook(real, fake))
        assert list(found) == [f"{name}@toy" for name in names]
        assert not any(math.isinf(value) for value in found.values())


@comparing
def test_each_field_a_task_makes_has_numbers_of_its_own(
    make: Callable[..., Diagnostic], names: tuple[str, ...]
) -> None:
    class Two(ToyTask):
        def makes(self) -> Mapping[str, Field]:
            return {"a": Field("point", (3,)), "b": Field("point", (3,))}

    class TwoLook(PointLook):
        def real(self, count: int, *, held_out: bool = True) -> Any:
            return {"a": normal(60, 3), "b": normal(60, 3, seed=1)}

        def fake(self, count: int, *, averaged: bool = True) -> Any:
            return {"a": normal(60, 3, seed=2), "b": 3 + 1e-4 * normal(60, 3, seed=3)}

    look = TwoLook(normal(2, 3), normal(2, 3))
    look.task = Two(look.dataset.fields)
    found = make(features="flatten").measure(look)
    assert list(found) == [f"{name}/{field}@toy" for field in "ab" for name in names]
    assert found[f"{names[0]}/a@toy"] != found[f"{names[0]}/b@toy"]


@comparing
def test_what_depends_on_real_points_alone_is_worked_out_once(
    make: Callable[..., Diagnostic], names: tuple[str, ...]
) -> None:
    class Kept(PointLook):
        """Its ticks come one after another: what is made for one is forgotten, what is made once is not."""

        def this_tick(self, name: str, make: Callable[[], Any]) -> Any:
            return make()

    look = Kept(normal(60, 3), normal(60, 3, seed=1))
    diagnostic = make(features="flatten")
    first = dict(diagnostic.measure(look))
    look.made["image"] = 1e-4 * normal(60, 3, seed=2)
    second = dict(diagnostic.measure(look))
    look.made["image"] = normal(60, 3, seed=1)
    assert dict(diagnostic.measure(look)) == pytest.approx(first, rel=1e-9)
    assert second != pytest.approx(first, rel=1e-9)
    anew = make(features="flatten").measure(Kept(normal(60, 3), 1e-4 * normal(60, 3, seed=2)))
    assert dict(anew) == pytest.approx(second, rel=1e-9)


def test_the_excess_is_the_distance_less_the_floor() -> None:
    real, fake = normal(300, 4), normal(200, 4, seed=1) + 1
    found = Frechet(features="flatten").measure(PointLook(real, fake))
    assert found["frechet@toy"] == pytest.approx(frechet_distance(real, fake))
    assert found["frechet-floor@toy"] == pytest.approx(Reference.of(real).floor(200))
    assert found["frechet-excess@toy"] == pytest.approx(found["frechet@toy"] - found["frechet-floor@toy"])
    assert found["frechet-excess@toy"] == pytest.approx(4, abs=0.6)


def test_of_one_distribution_the_excess_and_the_distance_at_infinity_are_about_nothing() -> None:
    excess, at_infinity, distances = [], [], []
    for seed in range(8):
        look = PointLook(normal(800, 16, seed=seed), normal(800, 16, seed=100 + seed))
        found = Frechet(features="flatten").measure(look)
        excess.append(found["frechet-excess@toy"])
        distances.append(found["frechet@toy"])
        at_infinity.append(FrechetInfinity(features="flatten").measure(look)["frechet-infinity@toy"])
    usual = sum(distances) / 8
    assert usual == pytest.approx((16 + 68) * 2 / 800, rel=0.1)
    assert abs(sum(excess) / 8) < 0.1 * usual
    assert abs(sum(at_infinity) / 8) < 0.15 * usual


def test_as_diverse_as_real_is_one_and_half_of_the_groups_are_a_half() -> None:
    groups = 100 * torch.eye(8)
    real, half = groups.repeat(20, 1), groups[:4].repeat(40, 1)
    look = PointLook(real, half)
    found = Diversity(features="flatten").measure(look)
    assert found == {"vendi-ratio@toy": pytest.approx(0.5), "rke-ratio@toy": pytest.approx(0.5)}
    assert Diversity(features="flatten").measure(PointLook(real, real))["vendi-ratio@toy"] == pytest.approx(1)


def test_diversity_is_that_of_as_many_real_samples_as_were_generated() -> None:
    found = Diversity(features="flatten").measure(PointLook(normal(500, 6), normal(100, 6, seed=1)))
    assert found["vendi-ratio@toy"] == pytest.approx(1, abs=0.06)
    assert found["rke-ratio@toy"] == pytest.approx(1, abs=0.2)


def test_a_generator_of_ten_samples_has_twins_and_a_support_of_about_ten() -> None:
    ten = normal(10, 4, seed=1)
    look = PointLook(normal(400, 4), ten[torch.randint(10, (400,), generator=torch.Generator().manual_seed(0))])
    found = Duplicates(features="flatten").measure(look)
    assert found["duplicates@toy"] == 1
    assert found["support@toy"] == pytest.approx(10, rel=0.1)
    many = Duplicates(features="flatten").measure(PointLook(normal(400, 4), normal(400, 4, seed=2)))
    assert many["duplicates@toy"] < 0.01
    assert many["support@toy"] > 40_000


def test_more_neighbours_than_samples_can_never_be() -> None:
    with pytest.raises(RecipeError, match="of 10 samples none has 10 neighbours"):
        Neighbours(count=10, neighbours=10)
    with pytest.raises(RecipeError, match="10 samples cannot be split into 11 parts"):
        InceptionScore(count=10, splits=11, features="digits-cnn")


def test_copies_are_remembered_and_unseen_data_are_not() -> None:
    train, held_out = normal(600, 8), normal(600, 8, seed=1)
    names = [f"{name}@toy" for name in ("nearest-ratio", "ct", "authenticity")]
    copies = Memorisation(features="flatten", cells=1, count=600).measure(
        PointLook(held_out, train + 0.01 * normal(600, 8, seed=2), training=train)
    )
    assert list(copies) == names
    assert copies["nearest-ratio@toy"] < 0.05
    assert copies["ct@toy"] < -29
    assert copies["authenticity@toy"] == 0
    fresh = Memorisation(features="flatten", count=600).measure(
        PointLook(held_out, normal(600, 8, seed=3), training=train)
    )
    assert fresh["nearest-ratio@toy"] == pytest.approx(1, abs=0.05)
    assert abs(fresh["ct@toy"]) < 3
    assert fresh["authenticity@toy"] == pytest.approx(0.57, abs=0.1)


def test_without_held_out_samples_authenticity_alone_can_be_said() -> None:
    look = PointLook(normal(0, 8), normal(50, 8, seed=1), training=normal(100, 8))
    found = Memorisation(features="flatten").measure(look)
    assert math.isnan(found["nearest-ratio@toy"])
    assert math.isnan(found["ct@toy"])
    assert 0 < found["authenticity@toy"] <= 1


class Reader(ToyFeatures):
    """Reads a digit from the brightness of the first channel: 0 at -1, 9 at 1; sure of it unless it is above 1."""

    name = "reader"
    classes = 10

    def probabilities(self, data: Tensor) -> Tensor:
        assert data.shape[1] == 1
        level = ((data.flatten(1).mean(1).clamp(max=1) + 1) * 4.5).round().long()
        sure = torch.nn.functional.one_hot(level, 10).float()
        return torch.where(data.flatten(1).mean(1)[:, None] > 1, torch.full_like(sure, 0.1), sure)


def painted(*digits: int) -> Tensor:
    """One picture (1, C, 8, 8), each channel as bright as its digit."""
    return torch.tensor(digits).div(4.5).sub(1)[None, :, None, None].expand(1, -1, 8, 8)


def test_the_classes_of_a_network_are_the_modes_of_digits() -> None:
    fake = torch.cat([painted(3)] * 60 + [painted(7)] * 39 + [painted(1)] * 1 + [torch.full((1, 1, 8, 8), 1.5)] * 100)
    found = Modes(count=200, features="reader").measure(PointLook(fake, fake, features=Reader()))
    assert found["modes@reader"] == 3
    assert found["modes/high-quality@reader"] == 0.5
    expected = sum(p * math.log(10 * p) for p in (0.6, 0.39, 0.01))
    assert found["modes/reverse-kl@reader"] == pytest.approx(expected)


def test_stacked_digits_have_a_mode_for_every_number() -> None:
    fake = torch.cat([painted(1, 2, 3), painted(1, 2, 4), painted(9, 9, 9), painted(0, 0, 0)]).repeat(50, 1, 1, 1)
    look = PointLook(fake, fake, features=Reader())
    look.dataset.fields = {"image": Field("image", (3, 8, 8)), "label": Field("category", cardinality=1000)}
    found = Modes(count=200, features="reader", weights="raw").measure(look)
    assert found["modes/raw@reader"] == 4
    assert found["modes/reverse-kl/raw@reader"] == pytest.approx(math.log(250))


def test_real_digits_have_ten_modes_and_stacked_ones_a_thousand() -> None:
    from ganlab.builtin.datasets.digits import Digits
    from ganlab.builtin.datasets.stacked_digits import StackedDigits
    from ganlab.builtin.features.digits_cnn import DigitsCnn

    for dataset, count, modes in ((Digits(size=16), 300, 10), (StackedDigits(size=8, samples=3000), 3000, 1000)):
        image = dataset.train.rows(torch.arange(count), None)["image"]
        look = PointLook(image, image, features=DigitsCnn(dataset.fields["image"]))
        look.dataset.fields = dataset.fields
        found = Modes(count=count, features="digits-cnn").measure(look)
        assert found["modes@digits-cnn-v1"] >= 0.995 * modes
        assert found["modes/high-quality@digits-cnn-v1"] > 0.95
        assert found["modes/reverse-kl@digits-cnn-v1"] < 0.05


def test_modes_need_a_mixture_or_a_network_that_classifies() -> None:
    look = ToyLook()
    flat, reader = ({"image": network} for network in (ToyFeatures(), Reader()))
    with pytest.raises(RecipeError, match="needs a mixture, such as ring or grid, or features"):
        Modes().check(look.task, look.dataset, {})
    for diagnostic in (Modes(features="any"), InceptionScore(features="any")):
        diagnostic.check(look.task, look.dataset, reader)
        with pytest.raises(RecipeError, match="needs a feature network that classifies, such as digits-cnn; "):
            diagnostic.check(look.task, look.dataset, flat)


def test_the_inception_score_is_the_number_of_classes_that_come() -> None:
    fake = torch.cat([painted(digit) for digit in range(5)]).repeat(20, 1, 1, 1)
    found = InceptionScore(count=100, features="reader").measure(PointLook(fake, fake, features=Reader()))
    assert found == {"inception-score@reader": pytest.approx(5)}


def test_pictures_that_are_all_the_same_have_no_diversity_and_real_ones_have_all_of_it() -> None:
    real = normal(40, 1, 8, 8).tanh()
    same = SsimDiversity().measure(PointLook(real, real[:1].repeat(40, 1, 1, 1)))
    assert same == {"ssim-diversity": pytest.approx(0, abs=1e-12), "ssim-diversity-ratio": pytest.approx(0, abs=1e-12)}
    own = SsimDiversity(weights="raw", of="training").measure(PointLook(real, real))
    assert own["ssim-diversity-ratio-training/raw"] == 1
    assert 0 < own["ssim-diversity/raw"] <= 2


def test_a_diversity_of_pictures_needs_pictures_and_bears_what_is_missing() -> None:
    real = normal(40, 1, 8, 8).tanh()
    assert math.isnan(SsimDiversity().measure(PointLook(real, real * math.nan))["ssim-diversity"])
    found = SsimDiversity().measure(PointLook(real[:0], real))
    assert found["ssim-diversity"] > 0
    assert math.isnan(found["ssim-diversity-ratio"])
    flat = PointLook(real[:1].repeat(40, 1, 1, 1), real)
    assert math.isnan(SsimDiversity().measure(flat)["ssim-diversity-ratio"])

    class Points(ToyTask):
        def makes(self) -> Mapping[str, Field]:
            return {"image": Field("point", (2,))}

    look = PointLook(real, real)
    SsimDiversity().check(look.task, look.dataset, {})
    with pytest.raises(RecipeError, match="needs a task that makes pictures"):
        SsimDiversity().check(Points(look.dataset.fields), look.dataset, {})


class TestBins(DiagnosticConformance):
    def make(self) -> Bins:
        return Bins(count=16, bins=4)


class TestDiversity(DiagnosticConformance):
    def make(self) -> Diversity:
        return Diversity(count=16)


class TestDuplicates(DiagnosticConformance):
    def make(self) -> Duplicates:
        return Duplicates(count=16)


class TestFrechet(DiagnosticConformance):
    def make(self) -> Frechet:
        return Frechet(count=20)


class TestFrechetInfinity(DiagnosticConformance):
    def make(self) -> FrechetInfinity:
        return FrechetInfinity(count=32)


class TestInceptionScore(DiagnosticConformance):
    def look(self) -> ToyLook:
        return ToyLook(features=Reader())

    def make(self) -> InceptionScore:
        return InceptionScore(count=16, features="reader")


class TestKid(DiagnosticConformance):
    def make(self) -> Kid:
        return Kid(count=16)


class TestKidOfSubsets(DiagnosticConformance):
    def make(self) -> Kid:
        return Kid(count=16, subsets=3, subset_size=8)


class TestMemorisation(DiagnosticConformance):
    def make(self) -> Memorisation:
        return Memorisation(count=16)


class TestMmd(DiagnosticConformance):
    def make(self) -> Mmd:
        return Mmd(count=16)


class TestModesOfClasses(DiagnosticConformance):
    def look(self) -> ToyLook:
        return ToyLook(features=Reader())

    def make(self) -> Modes:
        return Modes(count=100, features="reader")


class TestNeighbours(DiagnosticConformance):
    def make(self) -> Neighbours:
        return Neighbours(count=16)


class TestSlicedWasserstein(DiagnosticConformance):
    def make(self) -> SlicedWasserstein:
        return SlicedWasserstein(count=16)


class TestSsimDiversity(DiagnosticConformance):
    def make(self) -> SsimDiversity:
        return SsimDiversity(count=16, pairs=8)
