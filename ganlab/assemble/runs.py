"""From a recipe to a run on disk, and from a run on disk to its continuation."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from ganlab.assemble.game import build_game
from ganlab.assemble.provenance import provenance
from ganlab.assemble.run_directory import RunDirectory
from ganlab.engine import distributed
from ganlab.engine.checkpoint import CheckpointFolder, restore_game
from ganlab.engine.game import Game
from ganlab.engine.loop import train
from ganlab.engine.run import Run
from ganlab.errors import DataError
from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.plugins import Observers, Plugins
from ganlab.recipe import Recipe, to_toml
from ganlab.values import Outcome, Picture, Progress, Tick

log = logging.getLogger("ganlab")


class ObserverReporter(Reporter):
    """Tells the plugins a recipe names under `watch.observers`."""

    def __init__(self, observers: Observers) -> None:
        self._observers = observers
        self._run: RunInfo | None = None

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        self._run = run
        self._observers.ganlab_run_started(run=run)

    def tick(self, tick: Tick) -> None:
        assert self._run is not None
        for finding in tick.findings:
            self._observers.ganlab_finding(run=self._run, finding=finding)
        for action in tick.actions:
            self._observers.ganlab_action(run=self._run, action=action)
        self._observers.ganlab_tick(run=self._run, tick=tick)

    def end(self, outcome: Outcome) -> None:
        assert self._run is not None
        self._observers.ganlab_run_ended(run=self._run, outcome=outcome)


def play_run(
    recipe: Recipe,
    plugins: Plugins,
    directory: RunDirectory,
    *,
    device: str = "auto",
    console: Sequence[Reporter] = (),
    recipe_name: str = "",
    resume: bool = False,
) -> Outcome:
    """Play the recipe in its claimed directory, from the start or from its newest checkpoint; say how it ended."""
    game = build_game(recipe, plugins, device)
    first = distributed.rank() == 0
    text = to_toml(recipe.model_dump(mode="json", exclude_none=True))
    info = RunInfo(directory.name, directory.path, text, recipe.kimg, tuple(game.players), str(game.place.device))
    reporters = make_reporters(recipe, plugins, console) if first else {}
    record = provenance(recipe, plugins, game, recipe_name)
    run = Run(info, reporters, identity=record)
    if resume:
        notes = go_on(game, run, directory, record)
        if first:
            record = directory.provenance() | {"resumed": [*directory.provenance().get("resumed", []), notes]}
    if first:
        directory.write("provenance.json", json.dumps(record, indent=1))
        directory.write_fields([stage.task.fields for stage in game.stages])
        directory.write("recipe.toml", text)  # the last to be written before the first round
        directory.goes_on()
    outcome = train(game, run)
    if first:
        directory.write_outcome(outcome)
    return outcome


def go_on(game: Game, run: Run, directory: RunDirectory, record: dict[str, Any]) -> dict[str, Any]:
    """Put the game where its newest checkpoint is; what is to be remembered of this, with all that may change bits."""
    state, path, problems = CheckpointFolder(directory.path / "checkpoints").newest()
    if state["identity"]["data"] != record["data"]:
        raise DataError(
            f"the samples of run '{directory.name}' have changed since it began; restore them, or begin another run"
        )
    notes = [f"{problem}; going on from {path.name}" for problem in problems]
    notes += differences(state["identity"], record)
    if distributed.rank() == 0:
        for note in notes:
            log.warning("%s", note)
    restore_game(game, state["game"])
    run.restore(state["run"])
    told = {name: record[name] for name in ("command", "started", "ganlab")}
    return told | {"kimg": game.clock.progress.kimg, "notes": notes}


def make_reporters(recipe: Recipe, plugins: Plugins, console: Sequence[Reporter]) -> dict[str, Reporter]:
    """The console first, then what the recipe names."""
    reporters: dict[str, Reporter] = {f"console-{number}": each for number, each in enumerate(console)}
    for component in recipe.watch.reporters:
        reporters[component.name] = plugins.find("reporters", component.name).create(**component.options)
    if recipe.watch.observers:
        reporters["observers"] = ObserverReporter(plugins.observers(recipe.watch.observers))
    return reporters


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not as it was, and may change bits."""
    watched = ("ganlab", "libraries", "plugins", "device", "cpu_capability", "threads", "processes")
    return [
        f"not bit-exact: {key} was {before.get(key)}, is {now[key]}" for key in watched if before.get(key) != now[key]
    ]


__all__ = ["Game", "make_reporters", "play_run"]
