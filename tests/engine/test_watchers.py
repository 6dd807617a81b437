"""A broken watcher breaks nothing: it is off, the run goes on, and its weights are those of a run without it."""

from __future__ import annotations

import logging
import math
import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from ganlab import (
    Architecture,
    Diagnostic,
    Finding,
    Intervention,
    Monitor,
    PluginError,
    ScaleLearningRate,
    SetProbability,
    Severity,
    Stop,
)
from ganlab.calling import NOTED
from ganlab.engine.game import Game
from ganlab.engine.loop import play_round, train
from ganlab.engine.run import Run
from ganlab.engine.watch import watch
from tests.engine.test_bits import DIGITS, same
from tests.engine.toys import player, toy_game

TICKS = {"tick_kimg": 0.008, "reporters": []}
"""A tick a round."""


class Does(Diagnostic):
    """What it is told to do with the look, at every tick."""

    todo: Callable[[Any], Any] = staticmethod(lambda look: {})
    asked = 0

    def measure(self, look: Any) -> Any:
        type(self).asked += 1
        return type(self).todo(look)


def doing(todo: Callable[[Any], Any]) -> type[Does]:
    """A diagnostic that does that."""
    return type("Doing", (Does,), {"todo": staticmethod(todo), "asked": 0})


def watched(diagnostic: type, *, rounds: int = 3, **recipe: Any) -> tuple[Game, list[Finding]]:
    """A game of some rounds and ticks with the diagnostic called 'bad' beside a good one, and what was found."""
    good = doing(lambda look: {"good": float(look.fake(8)["point"].mean())})
    tree = {"watch": {**TICKS, "diagnostics": [{"name": "bad"}, {"name": "good"}]}, **recipe}
    game = toy_game(tree, diagnostics={"bad": diagnostic, "good": good})
    found: list[Finding] = []
    for _ in range(rounds):
        play_round(game)
        tick = watch(game, Run())
        found += tick.findings
        assert "good" in tick.measurements
    assert good.asked == rounds
    return game, found


BAD_ANSWERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (lambda look: 1 / 0, "raised ZeroDivisionError: division by zero"),
    "exits": (lambda look: sys.exit(0), "raised SystemExit: 0"),
    "nothing": (lambda look: None, "answered nothing, expected numbers by name"),
    "a tensor": (lambda look: {"a": torch.ones(())}, "measured 'a' as a Tensor"),
    "text": (lambda look: {"a": "good"}, "measured 'a' as a str"),
    "another's name": (lambda look: {"cost/generator": 0.0}, "'cost/generator', which has been measured already"),
    "too much": (lambda look: {str(each): 0.0 for each in range(20_000)}, "20000 measurements"),
    "wrote on real samples": (lambda look: {"a": float(look.real(8)["point"].mul_(2).mean())}, "wrote on the samples"),
    "wrote on fakes": (lambda look: {"a": float(look.fake(8)["point"].add_(1).mean())}, "wrote on the samples"),
    "wrote on latents": (lambda look: {"a": float(look.given(8)["latent"].zero_().sum())}, "wrote on the samples"),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_a_bad_answer_switches_a_diagnostic_off_and_the_next_is_asked(kind: str) -> None:
    todo, words = BAD_ANSWERS[kind]
    diagnostic = doing(todo)
    game, found = watched(diagnostic)
    assert diagnostic.asked == 1
    (finding,) = found
    assert finding.monitor == "plugins"
    assert finding.severity is Severity.WARNING
    assert finding.sentence.startswith("diagnostic 'bad' ")
    assert words in finding.sentence
    assert finding.sentence.endswith("it is off for the rest of the run")
    assert game.silenced == {"diagnostic 'bad'"}


def test_samples_that_were_written_on_are_made_anew_for_the_next() -> None:
    seen: list[torch.Tensor] = []

    def spoil(look: Any) -> Any:
        seen.append(look.real(8)["point"].clone())
        look.real(8)["point"].zero_()
        look.fake(8)["point"].zero_()
        return {}

    def look_again(look: Any) -> Any:
        assert torch.equal(look.real(8)["point"], seen[0])
        assert look.fake(8)["point"].abs().sum() > 0
        return {"fine": 1.0}

    watch_tree = {**TICKS, "diagnostics": [{"name": "spoil"}, {"name": "again"}]}
    game = toy_game({"watch": watch_tree}, diagnostics={"spoil": doing(spoil), "again": doing(look_again)})
    play_round(game)
    assert watch(game, Run()).measurements["fine"] == 1.0


def test_the_datasets_own_memory_cannot_be_written_on_through_a_look() -> None:
    def wreck(look: Any) -> Any:
        look.real(50)["point"].zero_()
        return {}

    wrecked, _ = watched(doing(wreck))
    alone, _ = watched(doing(lambda look: {}))
    assert same(wrecked, alone)


WEIGHTS: dict[str, Callable[[Any], Any]] = {
    "in place": lambda look: next(look.networks()["generator"].parameters()).mul_(2),
    "raw ones": lambda look: next(look.networks(averaged=False)["generator"].parameters()).zero_(),
    "through .data": lambda look: next(look.networks()["generator"].parameters()).data.add_(1),
    "by another state": lambda look: look.networks()["generator"].load_state_dict(
        look.networks()["generator"].state_dict()
    ),
    "by another tensor": lambda look: setattr(
        look.networks()["generator"], "stranger", torch.nn.Parameter(torch.ones(2))
    ),
}


@pytest.mark.parametrize("how", WEIGHTS)
def test_who_changes_a_weight_ends_the_run(how: str) -> None:
    def change(look: Any) -> Any:
        WEIGHTS[how](look)
        return {}

    with pytest.raises(PluginError, match=r"diagnostic 'bad'.* changed the weights of player 'generator' in round 1"):
        watched(doing(change), players={"generator": player(ema_half_life_kimg=1), "point": player()})


def test_who_changes_a_weight_is_told_from_who_only_looks() -> None:
    def look_closely(look: Any) -> Any:
        total = sum(float(each.abs().sum()) for network in look.networks().values() for each in network.parameters())
        return {"weights": total}

    _, found = watched(doing(look_closely))
    assert found == []


def raw(look: Any) -> list[torch.nn.Module]:
    """The networks that are played with."""
    return list(look.networks(averaged=False).values())


def is_norm(layer: torch.nn.Module) -> bool:
    return isinstance(layer, torch.nn.BatchNorm1d)


def forgotten_hook(look: Any) -> None:
    for network in raw(look):
        network.register_forward_hook(lambda module, inputs, output: output * 2)


MESSES: dict[str, Callable[[Any], Any]] = {
    "torch's random numbers": lambda look: torch.manual_seed(0),
    "Python's random numbers": lambda look: random.seed(0),
    "numpy's random numbers": lambda look: np.random.seed(0),
    "torch's number of threads": lambda look: torch.set_num_threads(3),
    "torch's default dtype": lambda look: torch.set_default_dtype(torch.float64),
    "torch's gradients": lambda look: torch.set_grad_enabled(True),
    "torch's deterministic algorithms": lambda look: torch.use_deterministic_algorithms(True),
    "torch's denormal numbers": lambda look: torch.set_flush_denormal(True),
    "the working directory": lambda look: os.chdir("/"),
    "signal handlers": lambda look: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "": lambda look: None,
    " modes": lambda look: [network.train() for network in raw(look)],
    " batch statistics": lambda look: [
        layer.train()(torch.ones(4, 8)) for network in raw(look) for layer in network.modules() if is_norm(layer)
    ],
    " buffers": lambda look: [buffer.zero_() for network in raw(look) for buffer in network.buffers()],
    " gradients asked for": lambda look: [
        each.requires_grad_(False) for network in raw(look) for each in network.parameters()
    ],
    " gradients left": lambda look: [
        setattr(each, "grad", torch.ones_like(each)) for network in raw(look) for each in network.parameters()
    ],
    " a hook": forgotten_hook,
    " an exception": lambda look: [network.train() for network in look.networks().values()] and 1 / 0,
}


@pytest.fixture(scope="module")
def alone() -> Game:
    """The game without anybody who watches; its networks draw from the random numbers everybody shares."""
    return messy_game(None)


def messy_game(mess: Callable[[Any], Any] | None, mode: str = "evaluate") -> Game:
    """Six rounds and ticks of a game with batch norm, spectral norm and dropout."""

    def measure(look: Any) -> Any:
        assert mess is not None
        mess(look)
        return {}

    recipe: dict[str, Any] = {
        "budget_rounds": 6,
        "players": {
            "generator": player(ema_half_life_kimg=0.01, sampling_mode=mode),
            "point": player(sampling_mode=mode) | {"architecture": {"name": "noisy"}},
        },
        "terms": [{"name": "r1", "on": "point", "every": 2}],
        "watch": {**TICKS, "diagnostics": [{"name": "mess"}] if mess else []},
    }
    game = toy_game(recipe, diagnostics={"mess": doing(measure)}, architectures={"noisy": Noisy})
    train(game)
    return game


class Noisy(Architecture):
    """A discriminator with batch norm, spectral norm and dropout, as a stranger might write it."""

    def discriminator(self, shapes: Any) -> torch.nn.Module:
        size = math.prod(shapes.data.shape)

        class Network(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layers = torch.nn.Sequential(
                    torch.nn.Flatten(),
                    torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(size, 8)),
                    torch.nn.BatchNorm1d(8),
                    torch.nn.Dropout(0.3),
                    torch.nn.LeakyReLU(0.2),
                    torch.nn.Linear(8, 1),
                )

            def forward(self, data: Any, given: Any = None) -> Any:
                return self.layers(data).squeeze(1)

        return Network()


@pytest.mark.parametrize("mess", MESSES)
def test_a_watcher_that_makes_a_mess_changes_no_bit(mess: str, alone: Game, caplog: pytest.LogCaptureFixture) -> None:
    NOTED.clear()
    with caplog.at_level(logging.WARNING, "ganlab"):
        watched = messy_game(MESSES[mess])
    assert same(watched, alone)
    told = [record.getMessage() for record in caplog.records]
    if mess and not mess.startswith(" "):
        assert told == [f"diagnostic 'mess' changed {mess}; it is put back each time, and its author should know"]
    else:
        assert told == []


def test_dropout_in_what_a_diagnostic_asks_for_is_not_its_fault(caplog: pytest.LogCaptureFixture, alone: Game) -> None:
    NOTED.clear()

    def judge(look: Any) -> Any:
        look.verdicts(look.fake(16), look.given(16))
        return {}

    with caplog.at_level(logging.WARNING, "ganlab"):
        judged = messy_game(judge, "train")
    assert same(judged, alone)
    assert caplog.records == []


class Finds(Monitor):
    """Finds what it is told to."""

    answer: Any = ()

    def judge(self, measurements: Any, progress: Any) -> Any:
        return self.answer(measurements) if callable(self.answer) else self.answer


def half_a_list(measurements: Any) -> Any:
    yield Finding("m", "fine so far", Severity.NOTE, 0.0, 0, 0.0)
    raise ValueError("then it broke")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("sick", "answered a str, expected a list of findings"),
        ([1], "answered an int among its findings"),
        (lambda measurements: None, "answered nothing"),
        (half_a_list, "raised ValueError: then it broke"),
        (lambda measurements: measurements.clear() or 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_monitor_with_a_bad_answer_is_off_and_the_next_is_asked(answer: Any, words: str) -> None:
    judged: list[set[str]] = []
    good = type("Good", (Finds,), {"answer": staticmethod(lambda measurements: judged.append(set(measurements)) or ())})
    bad = type("Bad", (Finds,), {"answer": staticmethod(answer) if callable(answer) else answer})
    tree = {"watch": {**TICKS, "monitors": [{"name": "bad"}, {"name": "good"}]}}
    game = toy_game(tree, monitors={"bad": bad, "good": good})
    found = []
    for _ in range(2):
        play_round(game)
        found += watch(game, Run()).findings
    (finding,) = found
    assert words in finding.sentence
    assert len(judged) == 2
    assert all("cost/generator" in names for names in judged)


class Answers(Intervention):
    """Answers what it is told to."""

    what: Any = ()

    def answer(self, findings: Any, measurements: Any, progress: Any) -> Any:
        return self.what() if callable(self.what) else self.what


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("stop", "answered a str, expected a list of actions"),
        ([ScaleLearningRate("generator", math.nan)], "factor = nan, expected a finite number above 0"),
        ([SetProbability("ada", 7.0)], "probability = 7, expected 0 to 1"),
        ([Stop("")], "Stop without a reason"),
        (lambda: 1 / 0, "raised ZeroDivisionError"),
        (lambda: sys.exit(0), "raised SystemExit: 0"),
        ([ScaleLearningRate("generater", 0.5)], "Did you mean 'generator'"),
    ],
)
def test_an_intervention_with_a_bad_answer_ends_the_run_and_touches_nothing(what: Any, words: str) -> None:
    bad = type("Bad", (Answers,), {"what": staticmethod(what) if callable(what) else what})
    game = toy_game({"watch": {**TICKS, "interventions": [{"name": "bad"}]}}, interventions={"bad": bad})
    play_round(game)
    with pytest.raises(PluginError, match=words):
        watch(game, Run())
    assert game.applied == []
    assert game.players["generator"].learning_rate_factor == 1.0


def test_an_interruption_in_a_diagnostic_leaves_networks_and_random_numbers_as_they_were() -> None:
    def interrupted(look: Any) -> Any:
        for network in raw(look):
            network.train()
            for buffer in network.buffers():
                buffer.zero_()
        torch.manual_seed(0)
        raise KeyboardInterrupt

    game = toy_game(
        {**DIGITS, "watch": {**TICKS, "diagnostics": [{"name": "bad"}]}}, diagnostics={"bad": doing(interrupted)}
    )
    play_round(game)
    before = {name: [each.clone() for each in one.network.state_dict().values()] for name, one in game.players.items()}
    modes = {name: one.network.training for name, one in game.players.items()}
    draws = torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        watch(game, Run())
    after = {name: list(one.network.state_dict().values()) for name, one in game.players.items()}
    assert all(torch.equal(a, b) for name in before for a, b in zip(before[name], after[name], strict=True))
    assert modes == {name: one.network.training for name, one in game.players.items()}
    assert torch.equal(draws, torch.get_rng_state())
    assert game.silenced == set()
