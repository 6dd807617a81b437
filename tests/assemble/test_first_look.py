"""What plugins hand over is looked at before the first round: a wrong shape is told by name, and not by torch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from ganlab import Architecture, Batch, DataError, Field, Given, Loss, PluginError, Verdict, View
from ganlab.assemble.first_look import check_rows
from ganlab.testing import ToyDataset, ToySource, ToyTask
from tests.engine.toys import player, toy_game

IMAGE = torch.zeros(2, 1, 4, 4)
FIELDS = {"image": Field("image", (1, 4, 4)), "label": Field("category", cardinality=3), "text": Field("text")}
ROWS = {"image": IMAGE, "label": torch.tensor([0, 2]), "text": ["a", "b"]}


def test_rows_that_are_what_the_fields_say_are_taken() -> None:
    check_rows(FIELDS, Batch(ROWS, 2))
    check_rows({"one": FIELDS}, Batch({"one": Batch(ROWS, 2)}, 2))
    check_rows(FIELDS, Batch({**ROWS, "image": IMAGE + 1, "more": 3}, 2))


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        ({"image": None}, PluginError, "hands out a NoneType|nothing as 'image'"),
        (
            {"image": torch.zeros(2, 4, 4)},
            PluginError,
            r"'image' as torch.float32 of shape \(2, 4, 4\), its",
        ),
        ({"image": torch.zeros(3, 1, 4, 4)}, PluginError, r"\(3, 1, 4, 4\), its field says \(2, 1, 4, 4\)"),
        ({"image": IMAGE.double()}, PluginError, "torch.float64 .*expected torch.float32"),
        ({"image": IMAGE.byte()}, PluginError, "torch.uint8"),
        ({"image": IMAGE + torch.nan}, DataError, "'image' of the first samples holds numbers that are not finite"),
        ({"image": IMAGE - torch.inf}, DataError, "not finite"),
        ({"image": IMAGE + 255}, DataError, "spans 255 to 255, expected -1 to 1; scale the data"),
        ({"label": torch.tensor([0.0, 1.0])}, PluginError, "expected torch.int64"),
        ({"label": torch.tensor([0, 1], dtype=torch.int32)}, PluginError, "expected torch.int64"),
        ({"label": torch.tensor([0, 3])}, DataError, "'label' of the first samples spans 0 to 3, expected 0 to 2"),
        ({"label": torch.tensor([-1, 1])}, DataError, "spans -1 to 1"),
        ({"label": torch.tensor([[0], [1]])}, PluginError, r"\(2, 1\), its field says \(2,\)"),
        ({"text": ["a"]}, PluginError, "hands out a list as 'text', expected 2 of them"),
        ({"text": 3}, PluginError, "hands out an int as 'text'"),
    ],
)
def test_rows_that_are_not_are_refused(rows: Mapping[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check_rows(FIELDS, Batch({**ROWS, **rows}, 2))


def test_a_field_that_is_never_handed_out_is_missed() -> None:
    with pytest.raises(PluginError, match="has a field 'label' and hands out none"):
        check_rows(FIELDS, Batch({"image": IMAGE, "text": ["a", "b"]}, 2))


class Spoilt(ToyDataset):
    """A dataset with one thing changed."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        for name, value in changes.items():
            setattr(self, name, value)


class Raising(ToySource):
    def rows(self, indices: Any, random: Any) -> Any:
        raise ValueError("no luck")


class Endless(ToySource):
    def __len__(self) -> int:
        return sys.exit(0)


TASKS: dict[str, tuple[dict[str, Any], str]] = {
    "draws nothing": ({"draw": lambda self, batch, random: None}, r"\(draw\) answered nothing, expected what is given"),
    "draws a tensor": ({"draw": lambda self, batch, random: random.normal(4)}, r"\(draw\) answered a Tensor"),
    "draws by number": ({"draw": lambda self, batch, random: {0: random.normal(4)}}, r"\(draw\) answered a dict"),
    "raises": ({"draw": lambda self, batch, random: 1 / 0}, "raised ZeroDivisionError: .*in the dry round"),
    "exits": ({"generate": lambda self, networks, given: sys.exit(0)}, "raised SystemExit: 0, in the dry round"),
    "makes nothing": ({"generate": lambda self, networks, given: None}, r"\(generate\) answered nothing"),
    "makes NaN": (
        {"generate": lambda self, networks, given: {"image": torch.full((2, 1, 8, 8), torch.nan)}},
        "made 'image' with numbers that are not finite",
    ),
    "shows a tensor": (
        {"views": lambda self, networks, sample, given: {"image": sample["image"]}},
        r"\(views\) shows a Tensor as 'image', expected a View",
    ),
    "shows nothing": ({"views": lambda self, networks, sample, given: {}}, "shows no view"),
    "shows a list": ({"views": lambda self, networks, sample, given: [1]}, r"\(views\) answered a list"),
    "rows of floats": (
        {"views": lambda self, networks, sample, given: {"image": View(sample["image"], rows=torch.ones(2))}},
        "for its rows, expected int64",
    ),
    "no real sample": ({"real": lambda self, batch: None}, r"\(real\) answered nothing"),
}


def game(**registered: Any) -> Any:
    """A toy game whose kinds in `registered` are a stranger's, each called 'bad'."""
    recipe: dict[str, Any] = {
        "dataset": {"name": "toy"},
        "players": {"generator": player(), "image": player()},
    }
    singular = {"tasks": "task", "datasets": "dataset", "losses": "loss"}
    recipe |= {singular[kind]: {"name": "bad"} for kind in registered if kind in singular}
    if "architectures" in registered:
        recipe["players"] = {"generator": player(), "image": player() | {"architecture": {"name": "bad"}}}
    named = {kind: {"bad": factory} for kind, factory in registered.items()}
    return toy_game(recipe, **{"datasets": {"toy": ToyDataset}, **named})


@pytest.mark.parametrize("kind", TASKS)
def test_a_task_that_breaks_its_contract_is_named(kind: str) -> None:
    methods, words = TASKS[kind]
    with pytest.raises(PluginError, match=words) as caught:
        game(tasks=type("BadTask", (ToyTask,), methods))
    assert "task" in str(caught.value)
    assert "\n" not in str(caught.value)


DATASETS: dict[str, tuple[dict[str, Any], str]] = {
    "no fields": ({"fields": None}, "dataset 'bad' has nothing for its fields"),
    "fields of text": ({"fields": {"image": "image"}}, "expected Field by name"),
    "no source": ({"train": None}, "has nothing for its 'train', expected a Source"),
    "a list for a source": ({"held_out": [1, 2]}, "has a list for its 'held_out'"),
    "raises": (
        {"train": Raising(ToyDataset().train.tensors)},
        r"a dataset \(Raising.rows\) raised ValueError",
    ),
    "exits": ({"train": Endless(ToyDataset().train.tensors)}, "raised SystemExit: 0"),
    "wrong shape": ({"fields": {"image": Field("image", (3, 8, 8))}}, r"its field says \(2, 3, 8, 8\)"),
}


@pytest.mark.parametrize("kind", DATASETS)
def test_a_dataset_that_breaks_its_contract_is_named(kind: str) -> None:
    changes, words = DATASETS[kind]
    with pytest.raises(PluginError, match=words):
        game(datasets=lambda: Spoilt(**changes))


class GoodLoss(Loss):
    def discriminator(self, real: Any, fake: Any) -> Any:
        return -real, fake

    def generator(self, fake: Any, real: Any = None) -> Any:
        return -fake


LOSSES: dict[str, tuple[dict[str, Any], str]] = {
    "one cost": ({"discriminator": lambda self, real, fake: fake}, "charged a discriminator a Tensor, expected two"),
    "nothing": ({"discriminator": lambda self, real, fake: None}, "charged a discriminator nothing"),
    "three costs": ({"discriminator": lambda self, real, fake: (fake,) * 3}, "a tuple, expected two costs"),
    "numbers": ({"generator": lambda self, fake, real=None: 1.0}, "charged a float for logits"),
    "another shape": (
        {"generator": lambda self, fake, real=None: fake[:, None] - fake[None, :]},
        r"torch.float32 of shape \(4, 4\) for logits \(4,\), expected floating-point \(4,\) or one number",
    ),
    "whole numbers": ({"generator": lambda self, fake, real=None: (fake > 0).long()}, "charged torch.int64"),
    "raises": (
        {"generator": lambda self, fake, real=None: fake.nothing_of_this_name},
        "loss 'bad' .*raised AttributeError.*asked for a first cost",
    ),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_a_loss_that_breaks_its_contract_is_named(kind: str) -> None:
    methods, words = LOSSES[kind]
    with pytest.raises(PluginError, match=words):
        game(losses=type("BadLoss", (GoodLoss,), methods))


def test_the_loss_that_is_played_with_was_not_asked_before() -> None:
    made = []

    class Counts(GoodLoss):
        def __init__(self) -> None:
            self.asked = 0
            made.append(self)

        def generator(self, fake: Any, real: Any = None) -> Any:
            self.asked += 1
            return -fake

    stake = game(losses=Counts).stage.stakes[0]
    assert stake.loss.asked == 0
    assert [each.asked for each in made] == [1, 0]


def verdict(answer: Any) -> type[Architecture]:
    """An architecture whose discriminator answers that."""

    class Judge(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(()))

        def forward(self, data: Any, given: Any = None) -> Any:
            return answer(data)

    return type("Bad", (Architecture,), {"discriminator": lambda self, shapes: Judge()})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda data: None, "the judge of view 'image' answered nothing, expected logits or a Verdict"),
        (lambda data: [1.0], "answered a list"),
        (lambda data: data.sum(), r"answered torch.float32 \(\) as logits"),
        (lambda data: data.flatten(1).argmax(1), "answered torch.int64"),
        (lambda data: Verdict({"a": 3}), "answered an int as logits"),  # type: ignore[dict-item]
        (lambda data: data @ data[:, :, :1, :1].squeeze(), "the network of player 'image' .*raised RuntimeError"),
    ],
)
def test_a_judge_that_breaks_its_contract_is_named(answer: Any, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        game(architectures=verdict(answer))


def test_an_architecture_that_raises_is_named() -> None:
    bad = type("Bad", (Architecture,), {"discriminator": lambda self, shapes: 1 / 0})
    with pytest.raises(PluginError, match=r"the architecture of player 'image' .*raised ZeroDivisionError"):
        game(architectures=bad)


def test_a_good_game_is_built_and_what_was_drawn_on_the_way_is_put_back() -> None:
    class Greedy(ToyTask):
        def draw(self, batch: Any, random: Any) -> Given:
            torch.manual_seed(3)
            torch.set_default_dtype(torch.float32)
            return super().draw(batch, random)

    before = torch.get_rng_state()
    assert game(tasks=Greedy).stage.stakes[0].view == "image"
    assert torch.equal(torch.get_rng_state(), before)


def test_the_toys_of_this_file_would_be_fine_unspoilt() -> None:
    assert game(tasks=ToyTask, losses=GoodLoss, datasets=lambda: Spoilt()).players
