"""No number that is not finite reaches the weights, and who brought it is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganlab import DataError, DivergedError, Ending, Field, RunInfo, Term, Turn
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.engine.finite import first_not_finite
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round, train
from ganlab.engine.run import Run
from tests.engine.toys import ToyData, ToySource, player, toy_game, weights

FATAL_ROUND = 2


class Spoiler(Term):
    """Costs nothing until round 2; there its value, or only its gradient, stops being finite."""

    def __init__(self, *, what: str = "value") -> None:
        self.what = what

    def cost(self, turn: Turn) -> Tensor:
        parameter = next(turn.networks[turn.player].parameters())
        if turn.progress.round < FATAL_ROUND:
            return parameter.sum() * 0
        if self.what == "value":
            return parameter.sum() * float("inf")
        return (parameter.sum() * 0).sqrt()  # 0, with an infinite slope times 0: NaN


def spoiled(on: str, what: str, **changes: Any) -> Game:
    recipe = {
        "budget_rounds": 6,
        "terms": [{"name": "r1", "on": "point"}, {"name": "spoiler", "on": on, "what": what}],
        "players": {name: player(optimizer={"name": "adam", "lr": 1e-3}) for name in ("generator", "point")},
        "watch": {"reporters": [], "tick_kimg": 0.032},
    }
    recipe["players"]["generator"]["ema_half_life_kimg"] = 0.01
    return toy_game({**recipe, **changes}, terms={"spoiler": Spoiler})


def all_finite(game: Game) -> bool:
    return all(each.first_not_finite() is None for each in game.players.values())


@pytest.mark.parametrize("what", ["value", "slope"])
@pytest.mark.parametrize("on", ["generator", "point"])
def test_the_run_ends_in_that_round_before_the_step_and_names_term_and_player(on: str, what: str) -> None:
    game = spoiled(on, what)
    for _ in range(FATAL_ROUND):
        play_round(game)
    before = weights(game, on)
    with pytest.raises(DivergedError) as caught:
        play_round(game)
    assert torch.equal(weights(game, on), before)
    assert all_finite(game)
    assert f"player '{on}'" in str(caught.value)
    assert "by spoiler in round 2;" in str(caught.value)


@pytest.mark.parametrize("what", ["value", "slope"])
def test_a_device_that_is_not_waited_for_leaves_the_step_out_and_the_next_tick_says_when(what: str) -> None:
    """What happens on a GPU, with the same tensors on the CPU."""
    for optimizer in ("adam", "sgd", "rmsprop"):
        settings = {"name": optimizer, "lr": 1e-3, **({"momentum": 0.9} if optimizer == "sgd" else {})}
        game = spoiled("point", what, players={n: player(optimizer=settings) for n in ("generator", "point")})
        for each in game.players.values():
            each.guard.waits = False
        game.place = NotWaitedFor()  # type: ignore[assignment]
        kept: list[Tensor] = []
        for number in range(4):
            play_round(game)
            kept.append(weights(game, "point"))
            assert all_finite(game), (optimizer, number)
        assert torch.equal(kept[2], kept[1])
        assert torch.equal(kept[3], kept[1])
        assert not torch.equal(kept[1], kept[0])
        outcome = train(game)
        assert outcome.ending is Ending.DIVERGED
        assert "player 'point'" in outcome.sentence
        assert "in round 2;" in outcome.sentence
        assert outcome.progress.round == 4


class NotWaitedFor:
    """A place whose device says it is a GPU, and is the CPU."""

    class Device:
        type = "gpu"

        def __eq__(self, other: object) -> bool:
            return other == torch.device("cpu")

    device: Any = Device()

    def __init__(self) -> None:
        from ganlab.engine.device import Place

        self._place = Place(torch.device("cpu"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place, name)


def test_a_step_that_leads_beyond_all_numbers_is_noticed_before_the_average_takes_it_in() -> None:
    game = spoiled("generator", "value", terms=[])
    play_round(game)
    generator = game.players["generator"]
    with torch.no_grad():
        next(generator.network.parameters()).fill_(float("nan"))
    with pytest.raises(DivergedError, match=r"player 'generator'|cost of player"):
        play_round(game)
    assert generator.average is not None
    assert first_not_finite(dict(generator.average.network.state_dict())) is None


def test_what_is_not_finite_in_the_data_is_the_data_s_fault() -> None:
    data = ToyData({"point": Field("point", (2,))})
    assert isinstance(data.train, ToySource)
    data.train.tensors["point"][40] = float("nan")
    game = toy_game({"budget_rounds": 8, "dataset": {"name": "toy"}}, datasets={"toy": lambda: data})
    with pytest.raises(DataError, match="'point' of the real batch of round"):
        train(game)


def test_the_last_finite_checkpoint_stays(tmp_path: Path) -> None:
    game = spoiled("generator", "slope")
    game.checkpoint_seconds = 1e-9
    outcome = train(game, Run(RunInfo("toy", tmp_path, "", 1.0, tuple(game.players), "cpu")))
    assert outcome.ending is Ending.DIVERGED
    state, _, _ = CheckpointFolder(tmp_path / "checkpoints").newest()
    assert state["game"]["clock"]["round"] == FATAL_ROUND
    flat: Mapping[str, Any] = state["game"]["players"]["generator"]["network"]
    assert first_not_finite(dict(flat)) is None


def test_weights_that_are_not_finite_are_never_published(tmp_path: Path) -> None:
    game = spoiled("generator", "value", terms=[])
    run = Run(RunInfo("toy", tmp_path, "", 1.0, tuple(game.players), "cpu"))
    run.save(game)
    with torch.no_grad():
        next(game.players["point"].network.parameters())[0] = float("inf")
    with pytest.raises(DivergedError, match="player 'point'"):
        run.save(game)
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1
