"""How interventions are restrained, what they are shown, and how a run goes back to where it was healthy."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import torch

from ganlab import Finding, Intervention, Monitor, RollBack, ScaleLearningRate, ScaleWeight, Severity, Tick
from ganlab.engine.checkpoint import game_state, restore_game
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from tests.engine.toys import toy_game, weights

TICKS = {"reporters": [], "tick_kimg": 0.008}


class Ill(Monitor):
    """Says that the run is ill from one tick to another."""

    def __init__(self, *, found: int = 3, began: int = 2, over: int = 99) -> None:
        self.found, self.began, self.over = found, began, over

    def judge(self, measurements: Any, progress: Any) -> Any:
        def said(severity: Severity, over: bool) -> Finding:
            return Finding("ill", "it is ill", severity, progress.kimg, progress.round, self.began * 0.008, over=over)

        if progress.round == self.found:
            yield said(Severity.CRITICAL, False)
        if progress.round == self.over:
            yield said(Severity.NOTE, True)


class Doctor(Intervention):
    """Does its one thing while something stands."""

    does: Any = ScaleLearningRate("generator", 0.5)
    goes_back = True

    def answer(self, findings: Any, measurements: Any, progress: Any) -> Any:
        return [self.does] if findings else []


def doctor(does: Any) -> Callable[..., Intervention]:
    return type("ADoctor", (Doctor,), {"does": does})


def game_with(settings: dict[str, Any], does: Any = Doctor.does, ill: dict[str, Any] | None = None) -> Game:
    interventions = [{"name": "doctor", **settings}]
    tree = {
        "budget_rounds": 40,
        "terms": [{"name": "r1", "on": "point", "weight": 2.0}],
        "watch": {**TICKS, "monitors": [{"name": "ill", **(ill or {})}], "interventions": interventions},
    }
    return toy_game(tree, monitors={"ill": Ill}, interventions={"doctor": doctor(does)})


def ticks(game: Game, count: int) -> list[Tick]:
    seen = []
    for _ in range(count):
        play_round(game)
        seen.append(watch(game, Run()))
    return seen


def acted(seen: list[Tick]) -> list[int]:
    return [tick.progress.round for tick in seen if tick.deeds]


def test_it_acts_while_a_finding_stands_and_not_after_it_is_over() -> None:
    seen = ticks(game_with({"cool_down": 0}, ill={"over": 6}), 8)
    assert acted(seen) == [3, 4, 5]


def test_it_acts_at_most_so_many_times_and_not_within_its_cool_down() -> None:
    game = game_with({"cool_down": 2, "limit": 2})
    assert acted(ticks(game, 12)) == [3, 6]
    assert game.players["generator"].learning_rate_factor == 0.25


def test_one_that_is_only_observed_says_what_it_would_have_done_and_does_nothing() -> None:
    game = game_with({"mode": "observe", "cool_down": 0, "limit": 2})
    seen = ticks(game, 6)
    assert acted(seen) == [3, 4]
    assert all(deed.observed and not deed.done for tick in seen for deed in tick.deeds)
    assert all(tick.actions == () for tick in seen)
    assert game.players["generator"].learning_rate_factor == 1.0


def test_a_deed_names_who_asked_for_it_and_the_finding_it_answers() -> None:
    (deed,) = ticks(game_with({}), 3)[-1].deeds
    assert (deed.intervention, deed.reason) == ("doctor", "it is ill")


def test_a_restart_in_the_cool_down_changes_nothing() -> None:
    def played(cut: int) -> tuple[list[int], Any]:
        game = game_with({"cool_down": 2, "limit": 3})
        seen = ticks(game, cut)
        again = game_with({"cool_down": 2, "limit": 3})
        restore_game(again, deepcopy(game_state(game)))
        seen += ticks(again, 12 - cut)
        return acted(seen), weights(again, "generator")

    whole = played(0)
    for cut in range(1, 12):
        rounds, bits = played(cut)
        assert rounds == whole[0]
        assert torch.equal(bits, whole[1])


def test_a_weight_is_multiplied_and_keeps_its_factor_over_a_restart() -> None:
    game = game_with({"cool_down": 0}, ScaleWeight("r1", 0.5))
    seen = ticks(game, 5)
    assert [tick.measurements["weight/r1"] for tick in seen] == [2.0, 2.0, 2.0, 1.0, 0.5]
    again = game_with({"cool_down": 0}, ScaleWeight("r1", 0.5))
    restore_game(again, deepcopy(game_state(game)))
    assert ticks(again, 1)[0].measurements["weight/r1"] == 0.25


def test_the_learning_rate_is_measured_and_comes_back_to_where_it_was() -> None:
    game = game_with({})
    player = game.players["generator"]
    (first,) = ticks(game, 1)
    assert first.measurements["learning-rate/generator"] == pytest.approx(0.1)
    player.learning_rate_factor = 0.5
    ticks(game, 1)
    player.learning_rate_factor = 1.0
    before = weights(game, "generator")
    play_round(game)
    moved = float((weights(game, "generator") - before).norm())
    gradients = [each.grad.reshape(-1) for each in player.parameters.values() if each.grad is not None]
    assert moved == pytest.approx(0.1 * float(torch.cat(gradients).norm()), rel=1e-4)


def test_a_roll_back_takes_players_to_the_last_tick_before_the_trouble_began_and_the_clock_goes_on() -> None:
    game = game_with({"limit": 1}, RollBack("it is ill"), {"found": 4, "began": 3})
    ticks(game, 2)
    healthy = {name: weights(game, name) for name in game.players}
    seen = ticks(game, 2)
    assert [type(action) for action in seen[-1].actions] == [RollBack]
    for name, before in healthy.items():
        assert torch.equal(weights(game, name), before)
    assert game.clock.round == 4
    play_round(game)
    assert not torch.equal(weights(game, "generator"), healthy["generator"])


def test_without_a_tick_known_as_healthy_a_roll_back_is_hindered_and_told() -> None:
    game = game_with({"limit": 1}, RollBack("it is ill"), {"found": 2, "began": 0})
    before = None
    for _ in range(2):
        play_round(game)
        before = weights(game, "generator")
        tick = watch(game, Run())
    assert tick.deeds[0].hindrance == "no tick is kept that is believed to have been healthy"
    assert tick.actions == ()
    assert before is not None
    assert torch.equal(weights(game, "generator"), before)


def test_what_goes_with_a_roll_back_is_left_undone_if_it_is_hindered() -> None:
    class Both(Doctor):
        def answer(self, findings: Any, measurements: Any, progress: Any) -> Any:
            return [ScaleLearningRate("generator", 0.5), RollBack("it is ill")] if findings else []

    tree = {
        "budget_rounds": 40,
        "watch": {**TICKS, "monitors": [{"name": "ill", "found": 2, "began": 0}], "interventions": [{"name": "both"}]},
    }
    game = toy_game(tree, monitors={"ill": Ill}, interventions={"both": Both})
    tick = ticks(game, 2)[-1]
    assert len(tick.deeds) == 2
    assert tick.actions == ()
    assert game.players["generator"].learning_rate_factor == 1.0


def test_a_roll_back_after_a_restart_leads_to_the_same_place() -> None:
    def played(cut: int) -> torch.Tensor:
        settings = ({"limit": 1}, RollBack("it is ill"), {"found": 5, "began": 3})
        game, again = game_with(*settings), game_with(*settings)
        ticks(game, cut)
        restore_game(again, deepcopy(game_state(game)))
        ticks(again, 8 - cut)
        return weights(again, "generator")

    assert all(torch.equal(played(cut), played(0)) for cut in range(1, 8))


def test_players_are_kept_only_where_somebody_may_go_back() -> None:
    game = game_with({"mode": "observe"})
    ticks(game, 2)
    assert game_state(game)["snapshots"] == []
