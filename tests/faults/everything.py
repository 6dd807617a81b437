"""A small game with everything on that a checkpoint has to remember, and plugins that are there to be forgotten.

Batch norm, spectral norm, dropout, averages, schedules, two stages, lazy terms and such as follow a mean, a pool of old
fakes, a probability that an intervention moves, a diagnostic that fails, and a term that draws from the random numbers
of torch, numpy and Python.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

import ganlab
from ganlab import Finding, Look, Progress, Severity
from tests.engine.toys import ToyPlugins
from tests.faults.lives import Lives, lines


class Convolutions(ganlab.Architecture):
    """For pictures of 8 x 8."""

    def generator(self, shapes: ganlab.GeneratorShapes) -> nn.Module:
        (latent,), (image,) = shapes.given.values(), shapes.sample.values()
        return nn.Sequential(
            nn.Linear(latent.shape[0], 4 * 4 * 4),
            nn.Unflatten(1, (4, 4, 4)),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.ConvTranspose2d(4, image.shape[0], 4, 2, 1),
            nn.Tanh(),
        )

    def discriminator(self, shapes: ganlab.ViewShapes) -> nn.Module:
        return Judge(shapes.data.shape[0])


class Judge(nn.Module):
    """One logit, the sum of three."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(channels, 4, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.2),
            nn.Flatten(),
            spectral_norm(nn.Linear(64, 3)),
        )

    def forward(self, data: Tensor, given: Any = None) -> Tensor:
        logits: Tensor = self.layers(data).sum(1)
        return logits


class Luck(ganlab.Term):
    """The size of the logits, times what Python and numpy draw."""

    def cost(self, turn: ganlab.Turn) -> Tensor:
        drawn = random.gauss(0, 1) + random.random() + numpy.random.standard_normal() + numpy.random.random()
        return turn.verdict("fake", "image").judgements[""].square().mean() * float(drawn)


class Trend(ganlab.Diagnostic):
    """How bright the fakes are, and how bright they have been."""

    def __init__(self) -> None:
        self.past = 0.0

    def measure(self, look: Look) -> Mapping[str, float]:
        now = float(look.fake(8)["image"].mean())
        self.past = 0.5 * self.past + 0.5 * now
        return {"brightness": now, "trend": self.past}

    def state(self) -> Mapping[str, Any]:
        return {"past": self.past}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.past = state["past"]


class Staged(ganlab.Diagnostic):
    """A coverage that falls and recovers, and one that never comes, whatever the game does."""

    def measure(self, look: Look) -> Mapping[str, float]:
        fraction = look.progress.fraction
        return {"staged": 0.3 if 0.5 < fraction < 0.7 else 0.9, "reached": 0.2 - 0.1 * fraction}


class Breaks(ganlab.Diagnostic):
    """Measures nothing, and fails in the second third of the budget, but not later."""

    def measure(self, look: Look) -> Mapping[str, float]:
        if 0.3 < look.progress.fraction < 0.6:
            raise ValueError("no luck")
        return {"unbroken": 1.0}


class Often(ganlab.Monitor):
    """Says at every second tick how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def judge(self, measurements: Mapping[str, float], progress: Progress) -> Iterable[Finding]:
        self.times += 1
        if self.times % 2:
            return []
        told = f"asked {self.times} times"
        place = (progress.kimg, progress.round, progress.kimg)
        return [Finding("often", told, Severity.NOTE, *place, evidence={"trend": measurements["trend"]})]

    def state(self) -> Mapping[str, Any]:
        return {"times": self.times}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.times = state["times"]


class Meddles(ganlab.Intervention):
    """Answers each of the first findings with another action."""

    goes_back = True

    def __init__(self) -> None:
        self.done = 0

    def answer(
        self, findings: tuple[Finding, ...], measurements: Mapping[str, float], progress: Progress
    ) -> Iterable[ganlab.Action]:
        if not any(each.monitor == "often" and each.round == progress.round for each in findings):
            return []
        self.done += 1
        return {
            1: [ganlab.SetProbability("ada", 0.9), ganlab.ScaleLearningRate("image", 0.5)],
            2: [ganlab.SetWeight("r1", 3.0), ganlab.ScaleLearningRate("generator", 1.25)],
            3: [ganlab.SetTurns("image", 1), ganlab.SetProbability("ada", 0.4)],
        }.get(self.done, [])

    def state(self) -> Mapping[str, Any]:
        return {"done": self.done}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.done = state["done"]


PLUGINS = {
    "architectures": {"convolutions": Convolutions},
    "terms": {"luck": Luck},
    "diagnostics": {"trend": Trend, "staged": Staged, "breaks": Breaks},
    "monitors": {"often": Often},
    "interventions": {"meddles": Meddles},
}

TERMS = [
    {"name": "r1", "on": "image", "every": 2},
    {"name": "lecam", "on": "image", "weight": 0.1},
    {"name": "path-length", "on": "generator", "weight": 0.1, "every": 2},
    {"name": "luck", "on": "generator", "weight": 0.1},
]

RECIPE: dict[str, Any] = {
    "budget_kimg": 0.24,
    "batch_size": 8,
    "checkpoint_seconds": 1e-9,
    "task": {"name": "unconditional", "latent_size": 4},
    "dataset": {"name": "digits", "size": 8},
    "loss": {"name": "non-saturating"},
    "players": {
        "generator": {
            "architecture": {"name": "convolutions"},
            "optimizer": {"name": "adam", "lr": 1e-2, "betas": [0.5, 0.99]},
            "ema_half_life_kimg": 0.1,
            "ema_ramp_up": 0.5,
            "schedule": {"shape": "cosine", "final": 0.1},
        },
        "image": {
            "architecture": {"name": "convolutions"},
            "optimizer": {"name": "adam", "lr": 1e-2, "amsgrad": True},
            "clip_norm": 5.0,
        },
    },
    "phases": [{"player": "image", "turns": 2, "batch": "fresh"}, {"player": "generator"}],
    "augmentations": [
        {"name": "ada", "probability": 0.2, "parts": ["pixels", "color"]},
        {"name": "diff-augment"},
        {"name": "image-pool", "size": 12},
    ],
    "stages": [
        {"name": "first", "kimg": 0.1, "terms": TERMS},
        {"name": "second", "kimg": 0.14, "loss": {"name": "hinge"}, "terms": TERMS},
    ],
    "watch": {
        "tick_kimg": 0.03,
        "picture_count": 4,
        "picture_every": 2,
        "diagnostics": [
            {"name": "coverage", "count": 16},
            {"name": "balance", "count": 16},
            {"name": "trend"},
            {"name": "staged"},
            {"name": "breaks"},
        ],
        "monitors": [
            {"name": "often"},
            {"name": "lost-coverage", "measurement": "staged"},
            {"name": "never-covered", "measurement": "reached"},
        ],
        "interventions": [{"name": "meddles", "cool_down": 0}],
    },
}


def lives(runs: Path, recipe: dict[str, Any] = RECIPE) -> Lives:
    """The lives of a run of it below `runs`."""
    torch.set_num_threads(1)
    return Lives(runs, ToyPlugins(**PLUGINS), recipe)


def left(run: Lives) -> dict[str, Any]:
    """All that a run leaves that is not a time, and whether its times grow from life to life."""
    seconds = [line["seconds"] for line in lines(run.directory / "measurements.jsonl")]
    return {
        "bits": run.bits(),
        "records": run.records(),
        "curves": run.curves(),
        "texts": texts(run.directory),
        "pictures": run.pictures(),
        "seconds grow": seconds == sorted(seconds),
    }


def texts(directory: Path) -> dict[str, tuple[int, bytes]]:
    """What TensorBoard shows beside curves, by tag: how often it was written, and the last."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in sorted(directory.glob("events.*")):
        for event in map(Event.FromString, RawEventFileLoader(str(path)).Load()):
            for value in event.summary.value:
                if not value.tag.startswith("_hparams") and not value.HasField("simple_value"):
                    count, _ = found.get(value.tag, (0, b""))
                    found[value.tag] = (count + 1, value.SerializeToString(deterministic=True))
    return found


def pictures_in(folder: Path) -> dict[str, Any]:
    """A dataset of files of two sizes, which threads read and cut while the game goes on."""
    folder.mkdir()
    chance = numpy.random.default_rng(0)
    for number in range(40):
        pixels = chance.integers(0, 256, (9 + number % 2, 9), dtype=numpy.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return {"name": "image-folder", "path": str(folder), "crop": 8, "channels": 1, "flip": True}
