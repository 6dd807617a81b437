"""A plugin that fails in the middle of a run: a watcher is switched off, and whoever the game needs ends it by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import nn

from ganlab import (
    Architecture,
    Augmentation,
    Loss,
    Monitor,
    OutOfMemoryError,
    PluginError,
    RecipeError,
    Term,
    View,
)
from ganlab.answers import WrongAnswer
from ganlab.engine.guard import checked_cost, quietly, state_of
from ganlab.engine.loop import train
from ganlab.engine.together import train_together
from ganlab.testing import ToyDataset, ToyTask
from tests.engine.toys import player, toy_game

FAILURES: dict[str, tuple[Callable[[], Any], str]] = {
    "an exception": (lambda: 1 / 0, "raised ZeroDivisionError: division by zero"),
    "an exit": (lambda: sys.exit(3), "raised SystemExit: 3"),
    "no memory": (lambda: raising(MemoryError()), "raised MemoryError"),
    "a wrong answer": (lambda: raising(WrongAnswer("answered 3")), "answered 3"),
    "lines": (lambda: raising(ValueError("a\nb")), "raised ValueError: a b"),
}


def raising(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize("failure", FAILURES)
def test_who_fails_is_switched_off_told_once_and_never_asked_again(failure: str) -> None:
    fail, words = FAILURES[failure]
    asked, said, silenced = [], [], set[str]()
    for _ in range(3):
        answer = quietly(silenced, "monitor 'x'", lambda: asked.append(1) or fail(), "nothing", said.append)
        assert answer == "nothing"
    assert asked == [1]
    assert said == [f"monitor 'x' {words}; it is off for the rest of the run"]
    assert silenced == {"monitor 'x'"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit, type("BrokenOff", (KeyboardInterrupt,), {})])
def test_an_interruption_is_nobodys_failure(error: type[BaseException]) -> None:
    silenced = set[str]()
    with pytest.raises(error):
        quietly(silenced, "x", lambda: raising(error()), None, pytest.fail)
    assert silenced == set()


def test_what_the_recipe_asks_for_in_vain_is_the_recipes_fault() -> None:
    with pytest.raises(RecipeError):
        quietly(set(), "x", lambda: raising(RecipeError("needs a mixture")), None, pytest.fail)


class FailsLate(Term):
    def cost(self, turn: Any) -> Any:
        if turn.progress.round == 2:
            raise ValueError("no luck")
        return turn.fake["point"].square().mean()


class FailsInALoss(Loss):
    asked = 0

    def discriminator(self, real: Any, fake: Any) -> Any:
        return -real, fake

    def generator(self, fake: Any, real: Any = None) -> Any:
        self.asked += 1
        return -fake if self.asked < 3 else fake.nothing_of_this_name


class FailsInAnAugmentation(Augmentation):
    asked = 0

    def augment(self, view: View, side: Any, random: Any) -> View:
        self.asked += 1
        return view if self.asked < 8 else raising(SystemExit(0))


class FailsInATask(ToyTask):
    drawn = 0

    def draw(self, batch: Any, random: Any) -> Any:
        self.drawn += 1
        return super().draw(batch, random) if self.drawn < 4 else {}["latent"]


class Fickle(nn.Module):
    """A network that fails in training, when it has been asked often enough."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.asked = 0

    def forward(self, data: Any, given: Any = None) -> Any:
        self.asked += 1
        return self.layer(data if self.asked < 6 else data[:, :1]).squeeze(1)


class FailsInANetwork(Architecture):
    def discriminator(self, shapes: Any) -> nn.Module:
        return Fickle()


class FailsInRows(ToyDataset):
    def __init__(self) -> None:
        super().__init__()
        asked = []
        rows = self.train.rows

        def fickle(self: Any, indices: Any, random: Any) -> Any:
            asked.append(1)
            return rows(indices, random) if len(asked) < 4 else 1 / 0

        kind = type("Fickle", (type(self.train),), {"rows": fickle})
        self.train = kind(self.train.tensors)


FAULTS: dict[str, tuple[dict[str, Any], dict[str, Mapping[str, Any]], str]] = {
    "term": (
        {"terms": [{"name": "bad", "on": "generator"}]},
        {"terms": {"bad": FailsLate}},
        r"term 'bad' \(FailsLate.cost\) raised ValueError: no luck, in round 2",
    ),
    "loss": (
        {"loss": {"name": "bad"}},
        {"losses": {"bad": FailsInALoss}},
        r"the loss of view .point. \(FailsInALoss.generator\) raised AttributeError: .*in round 2",
    ),
    "augmentation": (
        {"augmentations": [{"name": "bad"}]},
        {"augmentations": {"bad": FailsInAnAugmentation}},
        r"augmentation 'bad' \(FailsInAnAugmentation.augment\) raised SystemExit: 0, in round 2",
    ),
    "task": (
        {"task": {"name": "bad"}},
        {"tasks": {"bad": FailsInATask}},
        r"the task \(FailsInATask.draw\) raised KeyError: 'latent', in round 2",
    ),
    "network": (
        {"players": {"generator": player(), "point": player() | {"architecture": {"name": "bad"}}}},
        {"architectures": {"bad": FailsInANetwork}},
        r"the network of player 'point' \(Linear.forward\) raised RuntimeError: .*shapes.*in round 1",
    ),
    "dataset": (
        {"dataset": {"name": "bad"}, "players": {"generator": player(), "image": player()}},
        {"datasets": {"bad": FailsInRows}},
        r"a dataset \(FailsInRows.__init__.<locals>.fickle\) raised ZeroDivisionError: division by zero, in round 2",
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_failing_part_of_the_game_is_named_with_its_method_and_the_round(kind: str) -> None:
    recipe, registered, words = FAULTS[kind]
    game = toy_game({"budget_rounds": 5, **recipe}, **registered)
    with pytest.raises(PluginError, match=words) as caught:
        train(game)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 5
    assert caught.value.__cause__ is not None


def test_a_method_that_does_not_take_what_it_is_given_is_named() -> None:
    def cost(self: Any) -> Any: ...

    def discriminator(self: Any, real: Any, fake: Any) -> Any:
        return -real, fake

    def generator(self: Any, fake: Any) -> Any: ...

    term = type("Forgetful", (Term,), {"cost": cost})
    with pytest.raises(PluginError, match=r"term 'bad' \(test_a_\w+\.<locals>\.cost\) raised TypeError: .*in round 0"):
        train(toy_game({"terms": [{"name": "bad", "on": "generator"}]}, terms={"bad": term}))
    loss = type("Forgetful", (Loss,), {"discriminator": discriminator, "generator": generator})
    with pytest.raises(PluginError, match=r"loss 'bad' \(test_a_\w+\.<locals>\.generator\) raised TypeError: "):
        toy_game({"loss": {"name": "bad"}}, losses={"bad": loss})


def test_who_fails_in_games_that_are_played_as_one_is_named_too() -> None:
    terms = [{"name": "bad", "on": "generator"}]
    games = [toy_game({"seed": seed, "terms": terms, "budget_rounds": 5}, terms={"bad": FailsLate}) for seed in (0, 1)]
    with pytest.raises(PluginError, match=r"term 'bad' \(FailsLate.cost\) raised ValueError: no luck, in round 2"):
        train_together(games)


class ChargesNumbers(Term):
    def cost(self, turn: Any) -> Any:
        return turn.fake["point"].square().mean() if turn.progress.round < 2 else 3.0


class ChargesOne(Loss):
    asked = 0

    def discriminator(self, real: Any, fake: Any) -> Any:
        self.asked += 1
        return -real, fake if self.asked < 3 else fake > 0

    def generator(self, fake: Any, real: Any = None) -> Any:
        return -fake


@pytest.mark.parametrize(
    ("recipe", "registered", "words"),
    [
        (
            {"terms": [{"name": "bad", "on": "generator"}]},
            {"terms": {"bad": ChargesNumbers}},
            r"term 'bad' \(ChargesNumbers\) charged a float in round 2, expected floating-point numbers on cpu",
        ),
        (
            {"loss": {"name": "bad"}},
            {"losses": {"bad": ChargesOne}},
            r"the loss of view 'point' \(ChargesOne\) charged torch.bool of shape \(\d+,\) on cpu in round \d",
        ),
    ],
)
def test_a_cost_that_is_none_ends_the_game_by_name(recipe: Any, registered: Any, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        train(toy_game({"budget_rounds": 5, **recipe}, **registered))


def test_a_mistake_of_our_own_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from ganlab.builtin.losses.non_saturating import NonSaturating

    monkeypatch.setattr(NonSaturating, "generator", lambda self, fake, real=None: 1 / 0)
    game = toy_game({"loss": {"name": "non-saturating"}}, losses={"non-saturating": spoilt_later(NonSaturating)})
    with pytest.raises(ZeroDivisionError):
        train(game)


def spoilt_later(kind: type) -> Any:
    """A factory of losses that pass the first look, and then do as `kind` does."""

    class Later(kind):  # type: ignore[misc]
        pass

    Later.__module__ = kind.__module__
    Later.generator = lambda self, fake, real=None: -fake  # type: ignore[attr-defined]
    made = []

    def make() -> Any:
        made.append(Later())
        if len(made) == 2:
            Later.generator = kind.generator  # type: ignore[attr-defined]
        return made[-1]

    return make


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(28, "No space left on device"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        OutOfMemoryError("the GPU is full"),
        KeyboardInterrupt(),
    ],
)
def test_a_full_disk_and_a_lack_of_memory_are_not_the_plugins_fault(error: BaseException) -> None:
    class Unlucky(Term):
        def cost(self, turn: Any) -> Any:
            raise error

    game = toy_game({"terms": [{"name": "bad", "on": "generator"}]}, terms={"bad": Unlucky})
    with pytest.raises(type(error)) as caught:
        train(game)
    assert caught.value is error


CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (3.0, "charged a float in round 3, expected floating-point numbers on cpu"),
        (None, "charged nothing"),
        ((torch.ones(8),), "charged a tuple"),
        (torch.ones(8, dtype=torch.int64), r"torch.int64 of shape \(8,\)"),
        (torch.ones(8, device="meta"), "on meta in round 3, expected floating-point numbers on cpu"),
    ],
)
def test_a_cost_that_is_none_is_refused(cost: Any, said: str) -> None:
    with pytest.raises(PluginError, match=rf"term 'bad' \(FailsLate\) .*{said}"):
        checked_cost(cost, CPU, "term 'bad'", FailsLate(), 3)


@pytest.mark.parametrize("cost", [torch.ones(()), torch.ones(8), torch.ones(3, 1, 3, 3), torch.ones(8).bfloat16()])
def test_a_cost_is_any_floating_point_numbers_of_the_games_device(cost: Any) -> None:
    assert checked_cost(cost, CPU, "term 'good'", FailsLate(), 3) is cost


class Remembers(Monitor):
    def __init__(self, kept: Any) -> None:
        self.kept = kept

    def judge(self, measurements: Any, progress: Any) -> Any:
        return []

    def state(self) -> Any:
        return self.kept() if callable(self.kept) else self.kept


@pytest.mark.parametrize("kept", [[1], {"a": object()}, lambda: 1 / 0])
def test_a_state_that_cannot_be_kept_switches_a_watcher_off_and_ends_the_run_of_others(kept: Any) -> None:
    silenced = set[str]()
    assert state_of(silenced, "monitors/bad", Remembers(kept)) is None
    assert silenced == {"monitor 'bad'"}
    with pytest.raises(PluginError, match=r"term 'bad' \(state\)"):
        state_of(set(), "stages/0/terms/bad", Remembers(kept))


def test_a_state_that_can_be_kept_is_kept() -> None:
    assert state_of(set(), "stages/0/terms/good", Remembers({"a": [1.0]})) == {"a": [1.0]}
