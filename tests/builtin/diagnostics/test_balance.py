"""Balance by hand: sides, ties, gaps, and what a discriminator knows by heart."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganlab import Batch, Given, Networks, Sample, View, Views
from ganlab.builtin.diagnostics.balance import Balance, compare, remembered
from ganlab.builtin.tasks.class_conditional import ClassConditional
from ganlab.testing import DiagnosticConformance
from ganlab.testing.toy_look import ToyLook
from ganlab.testing.toys import ToyTask


def normal(mean: float, count: int, seed: int = 0) -> Tensor:
    return mean + torch.randn(count, generator=torch.Generator().manual_seed(seed))


class TestBalanceOfALabelledGame(DiagnosticConformance):
    def make(self) -> Balance:
        return Balance(count=16)

    def look(self) -> ToyLook:
        return ToyLook(task=ClassConditional(ToyLook().dataset.fields, latent_size=4))


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.4, 2.0])
def test_the_sign_of_normal_logits_is_the_error_function(mean: float) -> None:
    told = compare(normal(mean, 100_000), normal(0, 10))
    assert told["sign-real"] == pytest.approx(math.erf(mean / math.sqrt(2)), abs=0.01)


def test_the_sign_counts_every_logit_of_a_map() -> None:
    maps = torch.tensor([[[3.0, -1.0], [-1.0, -1.0]]]).repeat(4, 1, 1)
    assert compare(maps, torch.zeros(4))["sign-real"] == -0.5
    assert compare(maps, torch.zeros(4))["accuracy-real"] == 0


def test_over_fit_is_the_share_of_the_gap_that_held_out_data_fall_short_by() -> None:
    real, fake = normal(4, 1000), normal(0, 1000, 1)
    assert remembered(real, fake, normal(4, 1000, 2))["over-fit"] == pytest.approx(0, abs=0.03)
    assert remembered(real, fake, normal(3, 1000, 2))["over-fit"] == pytest.approx(0.25, abs=0.03)
    assert remembered(real, fake, normal(0, 1000, 2))["over-fit"] == pytest.approx(1, abs=0.03)
    assert remembered(real, fake, torch.tensor([1.0, -1.0, -1.0, -1.0]))["accuracy-held-out"] == 0.25


def test_over_fit_is_undefined_where_fakes_are_not_told_from_training_data() -> None:
    assert math.isnan(remembered(normal(0, 100), normal(0, 100, 1), normal(-5, 100, 2))["over-fit"])
    assert math.isnan(remembered(normal(0, 100), normal(3, 100, 1), normal(0, 100, 2))["over-fit"])
    assert math.isnan(remembered(torch.ones(4), torch.ones(4), torch.ones(4))["over-fit"])


def test_of_nothing_nothing_is_measured() -> None:
    nothing = torch.ones(0)
    told = compare(nothing, nothing) | remembered(nothing, nothing, nothing)
    assert all(math.isnan(value) for value in told.values())


class Reader(nn.Module):
    """Calls real whatever is told to be of the class that it shows: darker above or below."""

    def forward(self, data: Tensor, given: Tensor) -> Tensor:
        below = data[:, :, 4:].mean((1, 2, 3)) - data[:, :, :4].mean((1, 2, 3))
        return below * (1 - 2 * given.float()).reshape(-1)


class ReadingLook(ToyLook):
    def networks(self, *, averaged: bool = True) -> Networks:
        return {"generator": super().networks()["generator"], "image": Reader()}


def test_held_out_pictures_stand_beside_their_own_labels() -> None:
    told = Balance(count=32).measure(ReadingLook(task=ClassConditional(ToyLook().dataset.fields, latent_size=4)))
    assert told["balance/image/accuracy-held-out"] == 1
    assert told["balance/image/over-fit"] == pytest.approx(0, abs=0.1)


class Renamed(ToyTask):
    """Real data in the form of a sample of its own, so that no conditions can be drawn from it."""

    shows_label = False

    def draw(self, batch: Batch, random: Any) -> Given:
        return {**super().draw(batch, random), "label": batch["label"]}

    def generate(self, networks: Networks, given: Given) -> Sample:
        return {"image": networks["generator"](given["latent"], given["label"])}

    def real(self, batch: Batch) -> Sample:
        return {"image": batch["image"]}

    def views(self, networks: Networks, sample: Sample, given: Given) -> Views:
        return {"image": View(sample["image"], given=given["label"] if self.shows_label else None)}


@pytest.mark.parametrize("shows_label", [False, True])
def test_held_out_numbers_are_left_out_where_conditions_cannot_be_found(
    monkeypatch: pytest.MonkeyPatch, shows_label: bool
) -> None:
    monkeypatch.setattr(Renamed, "shows_label", shows_label)
    told = Balance(count=16).measure(ToyLook(task=Renamed(ToyLook().dataset.fields)))
    assert ("balance/image/over-fit" in told) is not shows_label
    assert "balance/image/auc" in told


def test_held_out_data_are_not_looked_at_where_they_are_not_asked_for() -> None:
    told = Balance(count=16, held_out=False).measure(ToyLook())
    assert {name.rpartition("/")[2] for name in told} == {
        "accuracy-real", "accuracy-fake", "auc", "logit-gap", "sign-real",
    }  # fmt: skip
