"""How a run was: whether it fell sick and of what, where it was best, and what to do.

The record is judged by monitors as it would have been while it was played, with what is known only at its end beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganlab.assemble import curves, quality
from ganlab.assemble.changes import FREE
from ganlab.assemble.history import History, Moment, of_others, of_ours
from ganlab.assemble.judging import Spell, at_most_warnings, judged, monitors, spells
from ganlab.assemble.kept_checkpoints import KeptCheckpoint, kept_checkpoints
from ganlab.assemble.quality import Best
from ganlab.assemble.reading import numbers
from ganlab.assemble.run_directory import RunDirectory
from ganlab.errors import DataError, GanlabError, RecipeError
from ganlab.interfaces.foreign_run import ForeignRun, ReadOptions
from ganlab.plugins import Plugins
from ganlab.recipe import Component, Recipe
from ganlab.values import Ending, Finding, Severity


@dataclass(frozen=True)
class Diagnosis:
    """What there is to say of a run. `spells` are its troubles, the gravest that stand first."""

    history: History
    sick: bool
    verdict: str
    spells: tuple[Spell, ...]
    best: Best | None
    checkpoints: tuple[KeptCheckpoint, ...] = ()
    recipe: Recipe | None = None
    notes: tuple[str, ...] = ()

    @property
    def end(self) -> Moment:
        """The last moment."""
        return self.history.moments[-1]

    @property
    def first_bad(self) -> Moment | None:
        """Where the troubles began that make it sick; None if it is not."""
        standing = [each.finding.began_kimg for each in self.spells if each.critical and each.stands]
        return self.history.moment(min(standing)) if self.sick and standing else None

    @property
    def seconds(self) -> float | None:
        """How long it was trained, as far as that is known."""
        return max((each.seconds for each in self.history.moments if each.seconds is not None), default=None)

    @property
    def seconds_after_best(self) -> float | None:
        """How much of that came after the best."""
        if self.best is None or self.best.moment.seconds is None or self.seconds is None:
            return None
        return max(0.0, self.seconds - self.best.moment.seconds)

    @property
    def share_after_best(self) -> float | None:
        """Which share of the training came after the best, by its time, or else by what it was shown."""
        if self.best is None:
            return None
        if self.seconds_after_best is not None and self.seconds:
            return self.seconds_after_best / self.seconds
        return 1 - self.best.moment.at / self.end.at if self.end.at else None

    @property
    def best_checkpoint(self) -> str | None:
        """The checkpoint of the best, or of ours the newest whole one that is not later; None if none is left."""
        if self.best is None:
            return None
        at = self.best.moment.at
        if self.history.foreign:
            return self.history.checkpoints.get(at)
        return next((each.name for each in self.checkpoints if each.whole and each.kimg == at), None)

    @property
    def newest_healthy(self) -> KeptCheckpoint | None:
        """The newest whole checkpoint from before the troubles."""
        return next((each for each in self.checkpoints if each.whole and each.healthy), None)


def diagnosed(directory: RunDirectory, plugins: Plugins, named: Sequence[Component], by: str | None) -> Diagnosis:
    """A run of ours. `named` monitors are asked beside those of its recipe. Raises `DataError` if it has no record, and
    `RecipeError` if `by` is no measurement of it."""
    notes: list[str] = []
    recipe = kept(directory, plugins, notes)
    history = of_ours(directory.name, directory.path, None if recipe is None else recipe.kimg)
    check(history, f"run '{history.name}' has no record to read; measurements.jsonl is empty or missing")
    watching = [] if recipe is None else list(recipe.watch.monitors)
    chosen = [each for each in watching if each.name not in {one.name for one in named}]
    judges = monitors(plugins, [*named, *chosen], notes)
    found = [*history.findings, *judged(history, judges, notes)]
    measurement = measured(history, by)
    found += curves.findings(history, measurement)
    found += of_the_end(directory, history)
    troubles = spells(found)
    checkpoints = kept_checkpoints(directory, troubles, notes)
    return told(history, troubles, measurement, (*history.notes, *notes), checkpoints, recipe)


def diagnosed_foreign(
    path: Path, plugins: Plugins, options: ReadOptions, named: Sequence[Component], by: str | None
) -> Diagnosis:
    """The run that another program logged at that path. Its quality judges it; where that was not measured, monitors
    do. Raises `DataError` if there is nothing to read."""
    run = plugins.read_run(path, options)
    if run is None:
        raise DataError(
            f"'{path}' holds no log of a run that can be read; expected a run of ganlab, TensorBoard events, a folder "
            "of StyleGAN's, or a text log of StudioGAN's"
        )
    history = of_others(path.name or str(path), checked(run))
    notes: list[str] = []
    check(history, f"'{path}' holds no number that can be read; expected {run.kind} with at least one")
    measurement = measured(history, by)
    found = judged(history, monitors(plugins, named, notes), notes)
    if measurement is not None:
        found = at_most_warnings(found)  # their thresholds are those of our own measurements
    found += curves.findings(history, measurement)
    return told(history, spells(found), measurement, (*history.notes, *notes))


def checked(run: ForeignRun) -> ForeignRun:
    """The same. Raises `DataError` if what a plugin read is not what it should be."""
    try:
        for points in run.series.values():
            for point in points:
                if not (math.isfinite(point.at) and point.at >= 0 and isinstance(point.value, float | int)):
                    raise ValueError(f"a number at {point.at}")
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"'{run.source}' was read as what is no run ({error}); report it to the plugin") from None
    return run


def check(history: History, problem: str) -> None:
    """Raise `DataError` if nothing was measured."""
    if not any(each.measurements for each in history.moments):
        raise DataError(problem)


def measured(history: History, by: str | None) -> str | None:
    """The measurement by which the run is judged. Raises `RecipeError` if `by` was not measured."""
    found = quality.chosen(history, by)
    if by is not None and found is None:
        names = ", ".join(history.names()[:12])
        raise RecipeError(f"--by {by}: was not measured in this run; there are {names}")
    return found


def kept(directory: RunDirectory, plugins: Plugins, notes: list[str]) -> Recipe | None:
    """The run's recipe; None if it cannot be read any more, which is noted."""
    from ganlab.assemble.kept_recipe import kept_recipe

    try:
        return kept_recipe(directory, plugins)[1]
    except GanlabError as error:
        notes.append(
            f"the recipe cannot be read, so its budget and monitors are not known: {str(error).splitlines()[0]}"
        )
        return None


def changed_since(directory: RunDirectory, kimg: float) -> dict[str, Any]:
    """What the recipe said before lives that began at `kimg` or later changed it, key by key, save the budget."""
    lives = directory.provenance().get("lineage")
    found: dict[str, Any] = {}
    for life in lives if isinstance(lives, list) else []:
        begun, changes = (life.get("from"), life.get("changes")) if isinstance(life, dict) else (None, None)
        if isinstance(begun, dict) and isinstance(changes, dict) and numbers(begun, "kimg") and begun["kimg"] >= kimg:
            for key, values in changes.items():
                plain = isinstance(values, list) and len(values) == 2 and isinstance(values[0], str | int | float)
                if plain and not FREE.fullmatch(key):
                    found.setdefault(key, values[0])
    return found


def of_the_end(directory: RunDirectory, history: History) -> list[Finding]:
    """A finding if the run ended because a number was not finite."""
    outcome = directory.outcome()
    if outcome is None or outcome["ending"] != Ending.DIVERGED:
        return []
    at = min(float(outcome["kimg"]), history.moments[-1].at)
    return [
        Finding(
            monitor="outcome",
            sentence=f"the run diverged: {outcome.get('sentence', '')}".rstrip(": "),
            severity=Severity.CRITICAL,
            kimg=history.moments[-1].at,
            round=history.moments[-1].round,
            began_kimg=at,
            advice="go back to a checkpoint from before, and lower the learning rates or add a penalty such as r1",
        )
    ]


def told(
    history: History,
    troubles: Sequence[Spell],
    measurement: str | None,
    notes: Sequence[str],
    checkpoints: Sequence[KeptCheckpoint] = (),
    recipe: Recipe | None = None,
) -> Diagnosis:
    """The diagnosis, with its verdict in a sentence."""
    grave = list(Severity)
    ordered = sorted(
        troubles,
        key=lambda each: (not each.stands, -grave.index(each.finding.severity), each.finding.began_kimg),
    )
    standing = [each for each in ordered if each.stands and each.critical]
    past = [each for each in ordered if not each.stands and each.critical]
    if standing:
        verdict = f"sick: {standing[0].finding.sentence}"
        verdict += f" (and {len(standing) - 1} more)" if standing[1:] else ""
    elif past:
        verdict = f"healthy again: {past[-1].finding.monitor} ended at {history.place(past[-1].ended or 0.0)}"
    elif any(each.stands and each.finding.severity is Severity.WARNING for each in ordered):
        verdict = "healthy, with warnings"
    else:
        verdict = "healthy"
    best = None if measurement is None else quality.best_of(history, measurement)
    return Diagnosis(
        history, bool(standing), verdict, tuple(ordered), best, tuple(checkpoints), recipe, tuple(dict.fromkeys(notes))
    )
