"""A discriminator that could still learn is told from one that could not, whatever its loss made of its logits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganlab import Architecture, Batch, Given, Networks, Sample, Verdict, View, Views, ViewShapes
from ganlab.builtin.diagnostics.probe_gap import ProbeGap
from ganlab.builtin.diagnostics.shown import as_played, twin
from ganlab.builtin.losses.hinge import Hinge
from ganlab.builtin.losses.least_squares import LeastSquares
from ganlab.builtin.losses.non_saturating import NonSaturating
from ganlab.builtin.losses.relativistic_pairing import RelativisticPairing
from ganlab.builtin.losses.wasserstein import Wasserstein
from ganlab.testing import DiagnosticConformance
from ganlab.testing.toy_look import ToyLook
from ganlab.testing.toys import ToyArchitecture, ToyTask

COUNT = 4096


class TestProbeGap(DiagnosticConformance):
    def make(self) -> ProbeGap:
        return ProbeGap(count=32, batch=8)


class Line(nn.Module):
    """a w'x + b: the optimal discriminator of two round Gaussians is one."""

    def __init__(self, weight: Tensor, scale: float = 1.0, shift: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.scale, self.shift = scale, shift

    def forward(self, data: Tensor, given: Any = None) -> Tensor:
        return self.scale * (data @ self.weight) + self.shift


class GaussianLook(ToyLook):
    """Real points N(m, I) and fakes N(-m, I) with m = (1, 0), judged by whom the test chooses."""

    def __init__(self, judge: nn.Module) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(0)
        self.sides = [torch.randn(COUNT, 2, generator=draws) + torch.tensor([side, 0.0]) for side in (1.0, -1.0)]
        self.judge = judge.eval().requires_grad_(False)

    def networks(self, *, averaged: bool = True) -> Networks:
        return {"image": self.judge}

    def real_beside(self, count: int) -> Sample:
        return {"image": self.sides[0][:count]}

    def fake(self, count: int, *, averaged: bool = True) -> Sample:
        return {"image": self.sides[1][:count]}


def of(judge: nn.Module, **options: Any) -> tuple[float, float]:
    told = ProbeGap(**{"count": COUNT, "batch": 512, "steps": 40, **options}).measure(GaussianLook(judge))
    return told["probe-gap/image"], told["probe-value/image"]


def expected_optimum() -> float:
    """log 4 - 2 JSD of N(1, 1) and N(-1, 1): twice E softplus(-2x) of x ~ N(1, 1), by the trapezium rule."""
    x = torch.linspace(-9, 11, 20001, dtype=torch.float64)
    density = torch.exp(-((x - 1) ** 2) / 2) / math.sqrt(2 * math.pi)
    return 2 * float(torch.trapezoid(density * nn.functional.softplus(-2 * x), x))


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.01, 0.0), (1000.0, 500.0), (1.0, -20.0)])
def test_an_optimal_discriminator_has_nothing_to_gain_whatever_the_scale_of_its_logits(
    scale: float, shift: float
) -> None:
    gap, value = of(Line(torch.tensor([2.0, 0.0]), scale, shift))
    assert abs(gap) < 0.02
    assert value == pytest.approx(expected_optimum() / math.log(4), abs=0.03)


@pytest.mark.parametrize("scale", [1.0, 0.01, 1000.0])
@pytest.mark.parametrize("weight", [(0.0, 0.0), (0.0, 1.0), (-1.0, 0.0)])
def test_a_blind_one_has_twice_the_divergence_to_gain(weight: tuple[float, float], scale: float) -> None:
    gap, value = of(Line(torch.tensor(weight), scale))
    divergence = (math.log(4) - expected_optimum()) / 2
    assert gap == pytest.approx(2 * divergence, abs=0.05)
    assert value == pytest.approx(expected_optimum() / math.log(4), abs=0.04)


def test_where_nothing_can_be_told_the_copy_cannot_tell_either() -> None:
    look = GaussianLook(Line(torch.tensor([1.0, 0.0])))
    look.sides[0] = -look.sides[1].flip(0) * torch.tensor([-1.0, 1.0])
    told = ProbeGap(count=COUNT, batch=512).measure(look)
    assert told["probe-value/image"] == pytest.approx(1, abs=0.02)
    assert told["probe-gap/image"] == pytest.approx(0, abs=0.03)


class Perceptron(nn.Module):
    """Points to logits, always with the same weights to begin with."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )

    def forward(self, data: Tensor, given: Any = None) -> Any:
        return self.layers(data).squeeze(1)


def learnt(judge: nn.Module, loss: Any, real: Tensor, fake: Tensor, penalty: float) -> None:
    """Trained on that pair for 150 rounds, as a game would, without a generator that answers."""
    judge.requires_grad_(True)
    optimizer = torch.optim.Adam(judge.parameters(), 2e-3)
    for _ in range(150):
        cost = sum(side.mean() for side in loss.discriminator(judge(real), judge(fake)))
        if penalty:
            between = real.lerp(fake, torch.rand(len(real), 1)).requires_grad_(True)
            (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
            cost = cost + penalty * (slope.norm(dim=1) - 1).square().mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()


@pytest.mark.parametrize(
    ("loss", "penalty"),
    [(NonSaturating(), 0), (Hinge(), 0), (LeastSquares(), 0), (RelativisticPairing(), 0), (Wasserstein(), 1)],
    ids=["non-saturating", "hinge", "least-squares", "relativistic-pairing", "wasserstein"],
)
def test_who_has_fallen_behind_is_told_from_who_keeps_up_whatever_the_loss(loss: Any, penalty: float) -> None:
    draws = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        judge = Perceptron()
        look = GaussianLook(judge)
        real, old = look.sides[0][:512], torch.randn(512, 2, generator=draws) + torch.tensor([0.0, 3.0])
        learnt(judge, loss, real, old, penalty)
        probe = ProbeGap(count=1024, batch=64)
        behind = probe.measure(look)["probe-gap/image"]  # the generator has moved on from where it was
        learnt(judge, loss, look.sides[0][:2048], look.sides[1][:2048], penalty)
        judge.requires_grad_(False)
        keeps_up = probe.measure(look)["probe-gap/image"]
    assert behind > 0.3
    assert keeps_up < 0.1


class Mapped(nn.Module):
    """A discriminator of maps of logits, with a memory of what it saw, in the form the test chooses."""

    def __init__(self, answer: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 16, 5), nn.BatchNorm2d(16), nn.LeakyReLU(0.2), nn.Conv2d(16, 3, 1))
        self.answer = answer

    def forward(self, data: Tensor, given: Any = None) -> Any:
        return self.answer(self.layers(data))


class MappedArchitecture(ToyArchitecture):
    def __init__(self, answer: Callable[[Tensor], Any]) -> None:
        self.answer = answer

    def discriminator(self, shapes: ViewShapes) -> nn.Module:
        return Mapped(self.answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda maps: maps,
        lambda maps: Verdict({"near": maps[:, 0], "far": maps.mean((1, 2, 3)) * 100}),
        lambda maps: Verdict(maps.mean((2, 3)), {"features": maps}),
    ],
    ids=["maps", "several judgements of their own scale", "extras"],
)
def test_maps_and_several_judgements_are_one_student_in_nats(answer: Callable[[Tensor], Any]) -> None:
    told = ProbeGap(count=64, batch=16).measure(ToyLook(architecture=MappedArchitecture(answer)))
    assert set(told) == {"probe-gap/image", "probe-value/image"}
    assert 0.05 < told["probe-gap/image"] < math.log(4)
    assert 0 < told["probe-value/image"] < 1


class TwoViews(ToyTask):
    """The whole picture, and its halves as rows of their own, before one judge or two, beside a label."""

    conditions = ("label",)
    judge: str | None = "image"
    pooled = False

    def draw(self, batch: Batch, random: Any) -> Given:
        return {**super().draw(batch, random), "label": batch["label"]}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"image": networks["generator"](given["latent"], given["label"])}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        image, label = sample["image"], given["label"]
        count = len(image)
        upper, lower = image.clone(), image.clone()
        upper[:, :, 4:], lower[:, :, :4] = 0, 0
        rows = torch.cat([torch.arange(count), torch.arange(count)])
        return {
            "image": View(image, given=label),
            "halves": View(
                torch.cat([upper, lower]), given=label[rows], judge=self.judge, rows=rows, pooled=self.pooled
            ),
        }


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("judge", ["image", None])
def test_views_with_rows_of_their_own_and_conditions_are_cut_with_their_samples(
    monkeypatch: pytest.MonkeyPatch, judge: str | None, pooled: bool
) -> None:
    monkeypatch.setattr(TwoViews, "judge", judge)
    monkeypatch.setattr(TwoViews, "pooled", pooled)
    base = ToyLook()
    told = ProbeGap(count=64, batch=16).measure(ToyLook(task=TwoViews(base.dataset.fields)))
    players = {"image"} if judge else {"image", "halves"}
    assert set(told) == {f"probe-{what}/{player}" for what in ("gap", "value") for player in players}
    assert all(0 < value < 1.5 for value in told.values())


def test_a_copy_shares_nothing_and_learns_through_norms_that_were_computed() -> None:
    judge = nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 4)), nn.BatchNorm1d(4))
    judge(torch.randn(8, 4))  # in training, where the old norm leaves a weight that nobody can copy as it is
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    copy = twin(judge)
    copy(torch.randn(8, 4)).sum().backward()
    assert all(each.grad is not None for each in copy.parameters())
    with torch.no_grad():
        for each in [*copy.parameters(), *copy.buffers()]:
            each.add_(1)
    assert all(torch.equal(judge.state_dict()[name], value) for name, value in before.items())


class Broken(Architecture):
    def generator(self, shapes: Any) -> nn.Module:
        return ToyArchitecture().generator(shapes)

    def discriminator(self, shapes: ViewShapes) -> nn.Module:
        return Mapped(lambda maps: maps.mean((1, 2, 3)) * math.nan)


def test_logits_that_are_no_numbers_measure_as_none() -> None:
    told = ProbeGap(count=16).measure(ToyLook(architecture=Broken()))
    assert all(math.isnan(value) for value in told.values())


def test_a_discriminator_plays_with_the_statistics_of_its_batch_and_is_left_as_it_was() -> None:
    judge = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)).eval()
    played = as_played(judge)
    data = 5 + 3 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(played(data).mean(0), torch.zeros(4), atol=1e-5)
    assert not any(module.training for module in judge.modules())
    assert torch.equal(judge.state_dict()["1.running_mean"], torch.zeros(4))
    plain = nn.Linear(2, 1)
    assert as_played(plain) is plain
    assert as_played(plain, free=True) is not plain
