"""Games that stay healthy and games that are made to fail: what detectors and cures are measured on.

Each is a recipe of ganlab's own with settings changed, and some are spoilt while they are played: from a share of the
budget on, a learning rate is multiplied. Whether a run has failed is not what its scenario hopes for but what its
truth says: the modes of the mixture, or the classes that a network trained on the real digits finds in the samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ganlab import Action, Diagnostic, Intervention, Look, ScaleLearningRate
from ganlab.assemble.game import build_game
from ganlab.assemble.resolution import resolve
from ganlab.engine.game import Game, Intervening
from ganlab.plugins import Plugins
from ganlab.recipe import override

RESULTS = Path(__file__).parent / "results"

TICKS = 30
"""Looks at a run."""

FAULT_AT = 0.6

COUNT = 1024
"""Samples that the truth looks at."""


@dataclass(frozen=True)
class Scenario:
    """A recipe, and the fault that is done to it at `FAULT_AT` of its budget. `meant` is what it hopes for."""

    name: str
    recipe: Mapping[str, Any]
    meant: str
    fault: tuple[Action, ...] = ()


class Fault(Intervention):
    """Spoils the game, once."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._actions = tuple(actions)

    def answer(self, findings: Any, measurements: Any, progress: Any) -> Iterable[Action]:
        return self._actions if progress.fraction >= FAULT_AT else ()


class Truth(Diagnostic):
    """`true/good`: the share of samples that are near the data; `true/modes`: the share of modes (of stacked digits,
    the classes of each channel) that get at least a tenth of their share of the good ones, by what as many real
    samples reach.

    A point is near if it lies within three deviations of its centre; a picture of a digit if a training picture is
    nearer than to 95 % of the held-out ones, and `digits-cnn` is 90 % sure of its class.
    """

    def measure(self, look: Look) -> Mapping[str, float]:
        (made,) = look.task.makes()
        judge = self.of_points if look.dataset.centres is not None else self.of_digits
        hits, good = judge(look, look.fake(COUNT)[made])
        real, _ = look.once("true", lambda: judge(look, look.real(COUNT)[made]))
        if not good:
            return {"true/modes": 0.0, "true/good": 0.0}
        reached = float((hits >= max(1.0, 0.1 * float(hits.sum()) / len(hits))).sum())
        return {"true/modes": reached / float((real >= 1).sum()), "true/good": good}

    def of_points(self, look: Look, sample: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Good samples by mode, and their share."""
        centres, sigma = look.dataset.centres, look.dataset.sigma
        assert centres is not None
        assert sigma is not None
        distance, mode = torch.cdist(sample.float(), centres).min(1)
        good = mode[distance < 3 * sigma]
        return torch.bincount(good, minlength=len(centres)), len(good) / len(sample)

    def of_digits(self, look: Look, sample: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Good digits by class, channel by channel, and their share."""
        (made,) = look.task.makes()
        network = look.features("digits-cnn", made)
        known = look.once("known", lambda: singles(look.real(4096, held_out=False)[made]))
        far = look.once("far", lambda: nearest(singles(look.real(COUNT)[made]), known).quantile(0.95))
        hits, shares = [], []
        for channel in sample.unbind(1):
            digit = channel.unsqueeze(1)
            confidence, label = network.probabilities(digit).max(1)
            good = (confidence > 0.9) & (nearest(digit, known) <= far)
            hits.append(torch.bincount(label[good], minlength=10))
            shares.append(float(good.float().mean()))
        return torch.cat(hits), sum(shares) / len(shares)


def singles(sample: torch.Tensor) -> torch.Tensor:
    """Every channel as a picture of its own."""
    return sample.flatten(0, 1).unsqueeze(1)


def nearest(sample: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """How far the nearest of those that are known is."""
    return torch.cdist(sample.flatten(1), known.flatten(1)).min(1)[0]


def build(scenario: Scenario, seed: int, plugins: Plugins, watch: Mapping[str, Any] | None = None) -> Game:
    """The scenario's game, watched as `watch` says, and by its truth."""
    tree = {**scenario.recipe, "seed": seed, "threads": 1, "watch": {**STANDARD, "reporters": [], **(watch or {})}}
    game = build_game(resolve(override(tree, []), plugins), plugins, "cpu")
    spoiling = [Intervening("fault", Fault(scenario.fault), limit=1)] if scenario.fault else []
    game.watching = replace(
        game.watching,
        tick_samples=max(1, game.clock.budget_samples // TICKS),
        diagnostics=[*game.watching.diagnostics, ("truth", 1, Truth())],
        interventions=[*spoiling, *game.watching.interventions],
    )
    return game


STANDARD: dict[str, Any] = {
    "diagnostics": [
        {"name": "coverage"},
        {"name": "coverage", "weights": "raw"},
        {"name": "coverage", "of": "training"},
        {"name": "balance"},
        {"name": "probe-gap", "every": 2},
    ],
    "monitors": [],
}
"""What is measured in every scenario."""


def adam(lr: float, beta: float = 0.5) -> dict[str, Any]:
    return {"name": "adam", "lr": lr, "betas": [beta, 0.999]}


def game(
    data: Mapping[str, Any],
    judged: str,
    generator: Mapping[str, Any],
    discriminator: Mapping[str, Any],
    rates: tuple[float, float],
    *,
    beta: float = 0.5,
    r1: float | None = None,
    latent: int = 16,
    **settings: Any,
) -> dict[str, Any]:
    """A recipe of two players, an average, and perhaps R1."""
    return {
        "task": {"name": "unconditional", "latent_size": latent},
        "dataset": dict(data),
        "loss": {"name": "non-saturating"},
        "players": {
            "generator": {
                "architecture": dict(generator),
                "optimizer": adam(rates[0], beta),
                "ema_half_life_kimg": 2.0,
                "ema_ramp_up": 0.05,
            },
            judged: {"architecture": dict(discriminator), "optimizer": adam(rates[1], beta)},
        },
        "terms": [] if r1 is None else [{"name": "r1", "on": judged, "weight": r1 / 2}],
        **settings,
    }


def mlp(width: int, depth: int = 2, **options: Any) -> dict[str, Any]:
    return {"name": "mlp", "width": width, "depth": depth, **options}


RING = {"name": "ring", "scale": 1.0}
GRID = {"name": "grid", "scale": 1.0}
DIGITS = {"name": "digits", "size": 16}
FEW_DIGITS = {"name": "digits", "size": 16, "training": 64}
TINY_DIGITS = {"name": "digits", "size": 8}
STACKED = {"name": "stacked-digits", "size": 16}
DCGAN = {"name": "dcgan", "width": 16}
SPECTRAL = {"name": "dcgan", "width": 16, "norm": "spectral"}
RESNET = {"name": "resnet", "width": 16}

ring = {"batch_size": 128, "budget_rounds": 2500}
grid = {"batch_size": 128, "budget_rounds": 3000}
digits = {"batch_size": 64, "budget_rounds": 1500, "latent": 32}
small = {"batch_size": 32, "budget_rounds": 1000, "latent": 64}
heavy = {"batch_size": 32, "budget_rounds": 1000, "latent": 64}

MAKER, JUDGE = mlp(128, activation="relu"), mlp(128)
DEEP = mlp(128, 3)
WIDE = mlp(192)
QUARTER = {**SPECTRAL, "width": 4}
HINGE, PAIRED = {"name": "hinge"}, {"name": "relativistic-pairing"}
NO_NORM = {**DCGAN, "norm": "none"}


def healthy_ones() -> Iterable[tuple[str, dict[str, Any]]]:
    """Games that are left alone."""
    yield "ring-r1", game(RING, "point", MAKER, JUDGE, (1e-3, 1e-3), beta=0.0, r1=0.02, **ring)
    yield "ring-plain", game(RING, "point", MAKER, JUDGE, (1e-3, 1e-3), **ring)
    yield "grid-r1", game(GRID, "point", DEEP, DEEP, (1e-3, 1e-3), beta=0.0, r1=0.02, **grid)
    yield "ring-hinge", game(RING, "point", MAKER, JUDGE, (1e-3, 1e-3), beta=0.0, r1=0.05, loss=HINGE, **ring)
    yield "digits-r1", game(DIGITS, "image", WIDE, WIDE, (5e-4, 1e-3), beta=0.0, r1=0.1, **digits)
    yield "digits-hinge", game(DIGITS, "image", WIDE, WIDE, (5e-4, 1e-3), beta=0.0, r1=0.1, loss=HINGE, **digits)
    yield "digits-paired", game(DIGITS, "image", WIDE, WIDE, (5e-4, 1e-3), beta=0.0, r1=0.1, loss=PAIRED, **digits)
    yield "dcgan-healthy", game(DIGITS, "image", DCGAN, SPECTRAL, (5e-4, 5e-4), beta=0.0, **small)
    yield "resnet-healthy", game(TINY_DIGITS, "image", RESNET, RESNET, (1e-3, 1e-3), beta=0.0, **heavy)
    yield "stacked-healthy", game(STACKED, "image", DCGAN, SPECTRAL, (5e-4, 5e-4), beta=0.0, **small)


def starved_ones() -> Iterable[tuple[str, dict[str, Any]]]:
    """Games whose rules let them fail from the start."""
    yield "ring-starved", game(RING, "point", MAKER, JUDGE, (1e-3, 1e-4), **ring)
    yield "ring-quarter", game(RING, "point", MAKER, mlp(32), (1e-3, 1e-4), **ring)
    minimax = {"loss": {"name": "minimax"}, "budget_rounds": 1000}
    turns = {"phases": [{"player": "point", "turns": 5, "batch": "fresh"}, {"player": "generator"}]}
    yield "ring-saturating", game(RING, "point", MAKER, JUDGE, (1e-3, 1e-3), **{**ring, **minimax, **turns})
    yield "grid-starved", game(GRID, "point", DEEP, DEEP, (1e-3, 1e-4), **grid)
    yield "digits-starved", game(DIGITS, "image", WIDE, WIDE, (1e-3, 1e-4), **digits)
    yield "digits-few-data", game(FEW_DIGITS, "image", WIDE, WIDE, (5e-4, 5e-4), **digits)
    yield "dcgan-starved", game(DIGITS, "image", DCGAN, SPECTRAL, (1e-3, 5e-6), **small)
    yield "dcgan-quarter", game(DIGITS, "image", DCGAN, QUARTER, (1e-3, 5e-5), **small)
    yield "dcgan-no-norm", game(DIGITS, "image", DCGAN, NO_NORM, (5e-4, 4e-3), **small)
    yield "dcgan-few-data", game(FEW_DIGITS, "image", DCGAN, DCGAN, (5e-4, 5e-4), **small)
    yield "resnet-starved", game(TINY_DIGITS, "image", RESNET, RESNET, (1e-3, 5e-6), **heavy)
    yield "stacked-starved", game(STACKED, "image", DCGAN, SPECTRAL, (1e-3, 5e-6), **small)


FAULTS = (
    ("ring-plain", "judge-x50", "fails", ScaleLearningRate("point", 50.0)),
    ("ring-plain", "maker-x20", "fails", ScaleLearningRate("generator", 20.0)),
    ("ring-plain", "judge-slow", "healthy", ScaleLearningRate("point", 0.01)),
    ("grid-r1", "annealed", "healthy", ScaleLearningRate("generator", 0.1), ScaleLearningRate("point", 0.1)),
    ("digits-r1", "annealed", "healthy", ScaleLearningRate("generator", 0.1), ScaleLearningRate("image", 0.1)),
    ("digits-r1", "maker-x20", "fails", ScaleLearningRate("generator", 20.0)),
    ("digits-r1", "judge-x50", "fails", ScaleLearningRate("image", 50.0)),
    ("dcgan-healthy", "maker-x20", "fails", ScaleLearningRate("generator", 20.0)),
    ("dcgan-healthy", "judge-x50", "fails", ScaleLearningRate("image", 50.0)),
    ("resnet-healthy", "maker-x20", "fails", ScaleLearningRate("generator", 20.0)),
    ("stacked-healthy", "maker-x20", "fails", ScaleLearningRate("generator", 20.0)),
)
"""A healthy game, what the spoilt one is called, what it is meant to be, and what is done to it."""


def scenarios() -> dict[str, Scenario]:
    """All of them, by name: the game, and what is wrong with it."""
    healthy = {name: Scenario(name, recipe, "healthy") for name, recipe in healthy_ones()}
    starved = {name: Scenario(name, recipe, "fails") for name, recipe in starved_ones()}
    spoilt = {}
    for before, name, meant, *actions in FAULTS:
        called = f"{before.partition('-')[0]}-{name}"
        spoilt[called] = Scenario(called, healthy[before].recipe, meant, tuple(actions))
    return {**healthy, **starved, **spoilt}
