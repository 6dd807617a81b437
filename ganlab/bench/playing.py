"""One run of a benchmark: an ordinary run in its directory, begun, gone on with, or only read if it has ended."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.assemble.changes import as_tree
from ganlab.assemble.difference import differing
from ganlab.assemble.reading import is_number
from ganlab.assemble.run_directory import RunDirectory, is_run
from ganlab.errors import RecipeError
from ganlab.values import Ending

if TYPE_CHECKING:
    from ganlab.bench.plan import Game
    from ganlab.plugins import Plugins
    from ganlab.recipe import Recipe

ENDED = (Ending.FINISHED, Ending.STOPPED, Ending.DIVERGED)


def play(
    recipe: Recipe, plugins: Plugins, runs: Path, name: str, game: Game, *, device: str = "auto"
) -> dict[str, Any] | Ending:
    """The scores of the run of that name below `runs`, played to its end unless it has been; how it ended if a signal
    asked it to end before. The processor's seconds are those of a run that was played here from start to end.

    Raises `RecipeError` if another recipe was played under that name.
    """
    if is_run(runs / name):
        directory = RunDirectory(runs / name)
        directory.lock()
    else:
        directory = RunDirectory.claim(runs, name, name)
    seconds = None
    try:
        fresh = not is_run(directory.path) or directory.never_played
        if not fresh:
            check_same(recipe, plugins, directory)
        if directory.ending() not in ENDED:
            seconds = _played(recipe, plugins, directory, resume=not fresh, device=device)
    except BaseException:
        directory.abandon()  # removes it only if its run never began
        raise
    directory.unlock()
    if (ending := directory.ending()) not in ENDED:
        return Ending(ending)
    return scores(directory, game) | ({"cpu_seconds": round(seconds, 1)} if seconds is not None and fresh else {})


def check_same(recipe: Recipe, plugins: Plugins, directory: RunDirectory) -> None:
    """Raise `RecipeError` if the run plays another recipe."""
    from ganlab.assemble.kept_recipe import kept_recipe

    _, before = kept_recipe(directory, plugins)
    changes = differing(as_tree(before), as_tree(recipe))
    changes.pop("about", None)
    if changes:
        raise RecipeError(
            f"{directory.path}: plays another recipe ({', '.join(sorted(changes)[:3])}); "
            "give another --out, or move it away"
        )


def _played(recipe: Recipe, plugins: Plugins, directory: RunDirectory, *, resume: bool, device: str) -> float:
    """Play, and return the processor's seconds it took, those of loading torch left out."""
    from ganlab.assemble.runs import play_run

    began = time.process_time()
    play_run(recipe, plugins, directory, device=device, recipe_name=directory.name, resume=resume)
    return time.process_time() - began


def scores(directory: RunDirectory, game: Game) -> dict[str, Any]:
    """How the run ended and what it reached. One that diverged, or reached nothing, has no modes, no quality, and the
    divergence of a generator that makes one mode only."""
    outcome = directory.outcome() or {}
    record = directory.measurements()[-1:] if outcome.get("ending") == Ending.FINISHED else []
    found = {name.partition("@")[0].removeprefix("modes/"): value for each in record for name, value in each.items()}
    reached = {name: found.get(name) for name in game.scores}
    if not all(is_number(value) for value in reached.values()):
        nothing = {"modes": 0.0, "high-quality": 0.0, "reverse-kl": math.log(game.modes)}
        reached = {name: nothing[name] for name in game.scores}
    return {"ending": outcome.get("ending"), "seconds": outcome.get("seconds"), **reached}
