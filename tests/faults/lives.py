"""A small run that is played life after life in one directory, as `ganlab run` and `ganlab resume` play it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

from ganlab import Picture
from ganlab.assemble import provenance
from ganlab.assemble.resolution import resolve
from ganlab.assemble.run_directory import RunDirectory, is_run
from ganlab.assemble.runs import play_run
from ganlab.builtin.reporters import samples, tensorboard
from ganlab.engine import container
from ganlab.engine.checkpoint_folder import CheckpointFolder
from ganlab.values import Outcome
from tests.engine.toys import ToyPlugins, player

NAME = "small"
ADAM = {"name": "adam", "lr": 1e-2, "betas": [0.0, 0.99]}

RECIPE: dict[str, Any] = {
    "budget_rounds": 3,
    "batch_size": 4,
    "checkpoint_seconds": 1e-9,
    "task": {"name": "unconditional", "latent_size": 2},
    "dataset": {"name": "ring", "samples": 32, "held_out": 8},
    "loss": {"name": "non-saturating"},
    "players": {
        "generator": {**player(4, optimizer=ADAM), "ema_half_life_kimg": 0.01},
        "point": player(4, optimizer=ADAM),
    },
    "terms": [{"name": "lecam", "on": "point", "weight": 0.1}],
    "watch": {
        "tick_kimg": 0.008,
        "picture_count": 2,
        "picture_every": 2,
        "diagnostics": [{"name": "coverage", "count": 8}],
        "monitors": [{"name": "lost-coverage"}],
    },
}
"""Three rounds, a checkpoint before each and after the last, two ticks, and everything that is written by default."""


class Lives:
    """The lives of one run below `runs`."""

    def __init__(self, runs: Path, plugins: ToyPlugins, recipe: dict[str, Any] = RECIPE) -> None:
        self.runs = runs
        self.directory = runs / NAME
        self._plugins = plugins
        self._recipe = resolve(recipe, plugins)

    def live(self) -> Outcome:
        """One life, from the start or the newest checkpoint."""
        if is_run(self.directory):
            directory = RunDirectory(self.directory)
            directory.lock()
        else:
            directory = RunDirectory.claim(self.runs, NAME, "toy")
        try:
            resume = is_run(self.directory) and not directory.never_played
            return play_run(self._recipe, self._plugins, directory, device="cpu", resume=resume)
        finally:
            directory.unlock()

    def checkpoint(self) -> dict[str, Any]:
        """What the newest checkpoint knows of the game, everything but the time it took."""
        state, _, problems = CheckpointFolder(self.directory / "checkpoints").newest()
        assert problems == []
        return state["game"]

    def bits(self) -> bytes:
        """The same, as bytes that are equal only if every bit of it is."""
        return container.pack(self.checkpoint())

    def records(self) -> dict[str, list[dict[str, Any]]]:
        """Every line of the record, without the times."""
        return {path.name: [timeless(line) for line in lines(path)] for path in sorted(self.directory.glob("*.jsonl"))}

    def pictures(self) -> dict[str, bytes]:
        """Every sheet of samples."""
        return {path.name: path.read_bytes() for path in sorted((self.directory / "samples").glob("*"))}

    def curves(self) -> dict[str, list[tuple[int, float]]]:
        """TensorBoard's scalars: step and value."""
        found: dict[str, list[tuple[int, float]]] = {}
        for path in sorted(self.directory.glob("events.*")):
            for event in map(Event.FromString, RawEventFileLoader(str(path)).Load()):
                for value in event.summary.value:
                    if value.HasField("simple_value") and not value.tag.startswith("speed/"):
                        found.setdefault(value.tag, []).append((event.step, value.simple_value))
        return found

    def left_over(self) -> list[Path]:
        """Files that nobody will ever finish."""
        return [path for path in self.runs.rglob("*") if ".tmp." in path.name]


def tiny(picture: Picture, real: Picture | None) -> Any:
    """Two pixels that tell pictures apart."""
    mean = int(picture.data.double().mean() * 1e6) & 255
    return numpy.full((1, 2, 3), mean, dtype=numpy.uint8)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def timeless(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in ("seconds", "images_per_second")}


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lives]:
    """Begin the lives of a run in a folder of that name.

    What costs more than a life, and has nothing to do with it, is done once or made small: looking for a git commit
    and for versions, drawing pictures.
    """
    monkeypatch.setattr(provenance, "git_commit", lambda: None)
    monkeypatch.setattr(provenance, "version", cache(provenance.version))
    for module in (samples, tensorboard):
        monkeypatch.setattr(module, "draw", tiny)
    plugins = ToyPlugins()

    def lives(name: str, recipe: dict[str, Any] = RECIPE, **registered: Any) -> Lives:
        runs = tmp_path / name
        runs.mkdir()
        return Lives(runs, ToyPlugins(**registered) if registered else plugins, recipe)

    return lives
