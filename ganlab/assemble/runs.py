"""From a recipe to a run on disk, and from a run on disk to its continuation."""

from __future__ import annotations

import json
import logging
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganlab.assemble.changes import as_tree
from ganlab.assemble.game import build_game
from ganlab.assemble.past import Past
from ganlab.assemble.provenance import life, provenance
from ganlab.assemble.run_directory import RunDirectory
from ganlab.engine import distributed
from ganlab.engine.game import Game
from ganlab.engine.loop import train
from ganlab.engine.run import Run
from ganlab.engine.together import train_together
from ganlab.interfaces.dataset import Dataset
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


@dataclass(frozen=True)
class Life:
    """A run that is ready to be played, from its start or from a checkpoint."""

    game: Game
    run: Run
    directory: RunDirectory

    def over(self, outcome: Outcome) -> None:
        """Write down how it ended."""
        if distributed.rank() == 0:
            self.directory.write_outcome(outcome)


def play_runs(
    recipes: Sequence[Recipe],
    plugins: Plugins,
    directories: Sequence[RunDirectory],
    *,
    device: str = "auto",
    consoles: Sequence[Reporter] = (),
    recipe_name: str = "",
    tell: Callable[[int, Outcome], None] | None = None,
) -> list[Outcome]:
    """Play each recipe in its claimed directory from the start, all as one as far as they can be; say how each ended.
    `tell` hears of each at once, by its place."""
    read: dict[str, Dataset] = {}
    lives = [
        open_run(recipe, plugins, directory, device=device, console=[console], recipe_name=recipe_name, read=read)
        for recipe, directory, console in zip(recipes, directories, consoles, strict=True)
    ]

    def over(number: int, outcome: Outcome) -> None:
        lives[number].over(outcome)
        if tell is not None:
            tell(number, outcome)

    return train_together([each.game for each in lives], [each.run for each in lives], over)


def play_run(
    recipe: Recipe,
    plugins: Plugins,
    directory: RunDirectory,
    *,
    device: str = "auto",
    console: Sequence[Reporter] = (),
    recipe_name: str = "",
    resume: bool = False,
    healthy: bool = False,
    allowed: frozenset[str] = frozenset(),
) -> Outcome:
    """Play the recipe in its claimed directory, from the start or from its newest checkpoint; say how it ended. With
    `healthy` it is the newest from before a trouble.

    `allowed` holds what of `ganlab.assemble.changes.ALLOWANCES` a resumed run may do.
    """
    life = open_run(
        recipe,
        plugins,
        directory,
        device=device,
        console=console,
        recipe_name=recipe_name,
        resume=resume,
        healthy=healthy,
        allowed=allowed,
    )
    outcome = train(life.game, life.run)
    life.over(outcome)
    return outcome


def open_run(
    recipe: Recipe,
    plugins: Plugins,
    directory: RunDirectory,
    *,
    device: str,
    console: Sequence[Reporter],
    recipe_name: str,
    resume: bool = False,
    healthy: bool = False,
    allowed: frozenset[str] = frozenset(),
    read: dict[str, Dataset] | None = None,
) -> Life:
    """Build the game, restore it, and write what stands in the directory before the first round. A run that may not go
    on is left as it was: nothing is written before everything is restored. `read` as `build_game` takes it."""
    game = build_game(recipe, plugins, device, read)
    first = distributed.rank() == 0
    text = to_toml(as_tree(recipe))
    info = RunInfo(directory.name, directory.path, text, recipe.kimg, tuple(game.players), str(game.place.device))
    reporters = make_reporters(recipe, plugins, console) if first else {}
    record = provenance(recipe, plugins, game, recipe_name)
    past = Past.read(directory, healthy=healthy) if resume else None
    if past is None:
        record["lineage"] = [life(record)]
    else:
        record = past.go_on(record, recipe, plugins, allowed)
    run = Run(info, reporters, identity={**record, "recipe_text": text})
    if past is not None:
        past.restore(game, run, allowed)
    if first:
        if past is not None:
            tell(record["lineage"][-1])
            past.mend()
        directory.write("provenance.json", json.dumps(record, indent=1))
        directory.write_fields([stage.task.fields for stage in game.stages])
        if not says(directory.recipe_text(), text):
            directory.write_recipe(text)  # the last to be written before the first round
        directory.goes_on()
    return Life(game, run, directory)


def tell(entry: Mapping[str, Any]) -> None:
    """Say what is not as it was: as a warning what the user did not ask for."""
    for note in entry["notes"]:
        asked = any(note.startswith(f"{key} ") for key in entry["changes"])
        log.log(logging.INFO if asked else logging.WARNING, "%s", note)


def says(written: str | None, text: str) -> bool:
    """True if both are the same recipe, whatever their comments and their order."""
    try:
        return written is not None and tomllib.loads(written) == tomllib.loads(text)
    except (ValueError, RecursionError):
        return False


def make_reporters(recipe: Recipe, plugins: Plugins, console: Sequence[Reporter]) -> dict[str, Reporter]:
    """The console first, then what the recipe names."""
    reporters: dict[str, Reporter] = {f"console-{number}": each for number, each in enumerate(console)}
    for component in recipe.watch.reporters:
        reporters[component.name] = plugins.find("reporters", component.name).create(**component.options)
    if recipe.watch.observers:
        reporters["observers"] = ObserverReporter(plugins.observers(recipe.watch.observers))
    return reporters
