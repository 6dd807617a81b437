"""Who cannot go on leaves, and is as it would be alone; the others do not notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import Action, Finding, Intervention, Progress, ScaleLearningRate, SetTurns, Stop, Term, Turn
from ganlab.engine import Game, train, train_together
from ganlab.engine.together.game import JointGame
from ganlab.errors import DataError
from ganlab.values import Ending
from tests.engine.together.test_equal import adam, assert_alike, games
from tests.engine.toys import toy_game, weights


def sizes_of_rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many games play in each round that is played as one."""
    rounds: list[int] = []
    play = JointGame.play_round
    monkeypatch.setattr(JointGame, "play_round", lambda joint: (rounds.append(len(joint.games)), play(joint)))
    return rounds


class Poison(Term):
    """Costs nothing; once its game is in `round`, its cost, or the slope of it, is no number."""

    def __init__(self, *, round: int = 10**9, where: str = "cost") -> None:
        self.round = round
        self.where = where

    def cost(self, turn: Turn) -> Tensor:
        (weight, *_) = turn.networks[turn.player].parameters()
        if turn.progress.round < self.round:
            return 0 * weight.sum()
        return weight.sum() * float("nan") if self.where == "cost" else (weight * 0).abs().sqrt().sum()


def poisoned(where: str) -> list[Game]:
    found = []
    for seed in range(4):
        term = {"name": "poison", "on": "point", "weight": 1.0, "where": where}
        if seed == 2:
            term["round"] = 7
        recipe = {"players": {"generator": adam(), "point": adam()}, "budget_rounds": 20, "seed": seed, "terms": [term]}
        found.append(toy_game(recipe, terms={"poison": Poison}))
    return found


@pytest.mark.parametrize("where", ["cost", "gradient"])
def test_a_number_that_is_not_finite_ends_one_game_as_it_does_alone(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    alone, together = poisoned(where), poisoned(where)
    rounds = sizes_of_rounds(monkeypatch)
    outcomes = [train(each) for each in alone]
    told: dict[int, Ending] = {}
    ends = train_together(together, tell=lambda number, outcome: told.update({number: outcome.ending}))
    assert rounds == [4] * 8 + [3] * 12
    assert [each.ending for each in ends] == [each.ending for each in outcomes]
    assert ends[2].ending is Ending.DIVERGED
    assert list(told) == [2, 0, 1, 3]
    assert ends[2].progress == outcomes[2].progress
    # A cost tells by itself who is to blame; for a gradient, the turn would have to be played again.
    expected = outcomes[2].sentence if where == "cost" else outcomes[2].sentence.replace(" by poison", "")
    assert ends[2].sentence == expected
    for mine, theirs in zip(alone, together, strict=True):
        assert_alike(mine, theirs)


class Ends(Intervention):
    """Asks for one action at the tick of that number."""

    def __init__(self, *, tick: int = -1, action: str = "stop") -> None:
        self.tick = tick
        self.action = action
        self._seen = 0

    def state(self) -> Mapping[str, Any]:
        return {"seen": self._seen}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._seen = state["seen"]

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[Action]:
        self._seen += 1
        if self._seen != self.tick:
            return []
        actions: dict[str, Action] = {
            "stop": Stop("enough"),
            "turns": SetTurns("point", 2),
            "rate": ScaleLearningRate("point", 0.5),
        }
        return [actions[self.action]]


def watched(action: str) -> list[Game]:
    found = []
    for seed in range(3):
        watch = {
            "tick_kimg": 0.04,
            "interventions": [{"name": "ends", "action": action, "tick": 2 if seed == 1 else -1}],
        }
        recipe = {"players": {"generator": adam(), "point": adam()}, "budget_rounds": 20, "seed": seed, "watch": watch}
        found.append(toy_game(recipe, interventions={"ends": Ends}))
    return found


@pytest.mark.parametrize(
    ("action", "sizes", "endings"),
    [
        ("stop", [3] * 10 + [2] * 10, [Ending.FINISHED, Ending.STOPPED, Ending.FINISHED]),
        ("turns", [3] * 10 + [2] * 10, [Ending.FINISHED] * 3),
        ("rate", [3] * 20, [Ending.FINISHED] * 3),
    ],
)
def test_an_action_parts_games_only_if_their_rounds_differ_by_it(
    monkeypatch: pytest.MonkeyPatch, action: str, sizes: list[int], endings: list[Ending]
) -> None:
    alone, together = watched(action), watched(action)
    rounds = sizes_of_rounds(monkeypatch)
    assert [train(each).ending for each in alone] == endings
    assert [each.ending for each in train_together(together)] == endings
    assert rounds == sizes
    for mine, theirs in zip(alone, together, strict=True):
        assert_alike(mine, theirs)
        assert mine.applied == theirs.applied


def test_games_with_budgets_of_their_own_end_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> list[Game]:
        return [toy_game({"seed": seed, "budget_rounds": rounds}) for seed, rounds in enumerate((4, 8, 12))]

    alone, together = made(), made()
    rounds = sizes_of_rounds(monkeypatch)
    for each in alone:
        train(each)
    train_together(together)
    assert rounds == [3] * 4 + [2] * 4  # and four of the last alone
    for mine, theirs in zip(alone, together, strict=True):
        assert_alike(mine, theirs)


def test_bad_data_of_one_game_are_told_when_the_others_have_ended() -> None:
    found = games({"budget_rounds": 12})
    found[1].datasets[""].train.tensors["point"][:] = float("nan")
    ended: list[int] = []
    with pytest.raises(DataError, match="'point' of the real batch of round 0"):
        train_together(found, tell=lambda number, outcome: ended.append(number))
    assert ended == [0]
    assert found[0].clock.round == 12


def test_games_that_have_left_share_no_memory() -> None:
    first, second = games({"budget_rounds": 3})
    train_together([first, second])
    before = weights(second, "point")
    for each in first.players["point"].network.parameters():
        each.data.zero_()
    assert torch.equal(weights(second, "point"), before)
    for game in (first, second):
        for player in game.players.values():
            for each in player.network.parameters():
                assert each.untyped_storage().nbytes() == each.nbytes
