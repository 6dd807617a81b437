"""A diagnostic that cannot measure a game says so before the first round, a stranger's like ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from ganlab import DataError, Diagnostic, PluginError, RecipeError
from ganlab.engine.game import Game
from tests.engine.toys import toy_game


class Picky(Diagnostic):
    """A stranger's: measures whatever makes a field of one name; remembers what it was asked about."""

    def __init__(self, *, field: str = "point", features: str | None = None) -> None:
        self.field = field
        self.features = features
        self.asked: list[Any] = []

    def check(self, task: Any, dataset: Any, networks: Mapping[str, Any]) -> None:
        torch.rand(3)
        self.asked.append((task, dataset, {name: each.name for name, each in networks.items()}))
        if self.field not in task.makes():
            raise RecipeError(f"needs a task that makes '{self.field}'; take another diagnostic")

    def measure(self, look: Any) -> Any:
        return {"picky": 1.0}


class Unread(Picky):
    """Cannot read the data."""

    def check(self, task: Any, dataset: Any, networks: Mapping[str, Any]) -> None:
        raise DataError("truth.csv is not there; put it beside the pictures")


class Broken(Picky):
    """Fails where it is asked."""

    def check(self, task: Any, dataset: Any, networks: Mapping[str, Any]) -> None:
        networks["sound"]


def game(*diagnostics: dict[str, Any], **recipe: Any) -> Game:
    watch = {"diagnostics": list(diagnostics), "monitors": [], "reporters": []}
    kinds = {"picky": Picky, "unread": Unread, "broken": Broken}
    return toy_game({"budget_rounds": 2, "watch": watch, **recipe}, diagnostics=kinds)


def test_it_is_asked_once_with_task_dataset_and_its_networks() -> None:
    made = game({"name": "picky"}, {"name": "picky", "label": "other", "features": "flatten"})
    found = {name: each.asked for name, _, each in made.watching.diagnostics}
    assert found == {
        "picky": [(made.stage.task, made.dataset, {})],
        "other": [(made.stage.task, made.dataset, {"point": "flatten"})],
    }


def test_it_is_asked_for_each_stage() -> None:
    made = game({"name": "picky"}, stages=[{"name": name, "kimg": 0.008} for name in ("one", "two")])
    ((_, _, picky),) = made.watching.diagnostics
    assert [task for task, _, _ in picky.asked] == [stage.task for stage in made.stages]
    assert len(picky.asked) == 2


@pytest.mark.parametrize(
    ("setting", "error", "told"),
    [
        (
            {"name": "picky", "label": "mine", "field": "sound"},
            RecipeError,
            "watch.diagnostics.mine: needs a task that makes 'sound'; take another diagnostic",
        ),
        (
            {"name": "unread"},
            DataError,
            "watch.diagnostics.unread: truth.csv is not there; put it beside the pictures",
        ),
        (
            {"name": "broken"},
            PluginError,
            "watch.diagnostics.broken: diagnostic 'broken' raised KeyError: 'sound', asked whether it can measure this "
            "game; tell its author",
        ),
        (
            {"name": "truth"},
            RecipeError,
            "watch.diagnostics.truth: needs a dataset whose truth is known: scenes, corridor, ground-plane, mirrored, "
            "joint-parts; take one, or another diagnostic",
        ),
        (
            {"name": "inception-score", "features": "flatten"},
            RecipeError,
            "watch.diagnostics.inception-score: needs a feature network that classifies, such as digits-cnn; flatten "
            "does not",
        ),
        (
            {"name": "ssim-diversity"},
            RecipeError,
            "watch.diagnostics.ssim-diversity: needs a task that makes pictures; take 'diversity' instead",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_place(setting: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as refused:
        game(setting)
    assert str(refused.value) == told


def test_what_it_draws_when_it_is_asked_changes_nothing() -> None:
    torch.manual_seed(3)
    game()
    without = torch.random.get_rng_state()
    torch.manual_seed(3)
    game({"name": "picky"})
    assert torch.equal(torch.random.get_rng_state(), without)
