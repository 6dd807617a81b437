"""TensorBoard: curves, sheets of samples, histograms, the recipe and the findings, in event files of the run directory.

All numbers of a tick are one event, written through at the tick. The step is the count of real samples shown. A full
disk ends this record and not the run: `measurements.jsonl` is the truth, this is a way to look at it.
"""

from __future__ import annotations

import logging
import time
import tomllib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ganlab import Ending, Finding, Outcome, Picture, Progress, Reporter, RunInfo, Tick
from ganlab.pictures import draw

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

    from ganlab.events import EventFile

log = logging.getLogger("ganlab")

CATEGORIES = {
    "cost": "Costs",
    "weighted": "Costs",
    "gradient-norm": "Training",
    "learning-rate": "Training",
    "speed": "Training",
}
"""Where a group of scalars stands in the custom scalars tab; what is not here says how healthy the run is."""


SUCCEEDED = {Ending.FINISHED: True, Ending.STOPPED: True, Ending.DIVERGED: False}
"""How the hyperparameter tab marks a run; one that was interrupted it does not know."""


class TensorBoard(Reporter):
    """A resumed run goes on in a new event file; what the former life wrote after the checkpoint is cut off.

    Without `hyperparameters` the run has no row in the hyperparameter tab: in a study the rows are its trials.
    """

    redraws = "events.out.tfevents.*"

    def __init__(self, hyperparameters: bool = True) -> None:
        self._hyperparameters = hyperparameters
        self._file: EventFile | None = None
        self._sizes: dict[str, int] = {}
        self._groups: list[str] = []
        self._findings: list[str] = []
        self._real: Picture | None = None
        self._restored = False

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """Open a new event file; a new run begins with its recipe and a picture of real data."""
        from ganlab import events

        self._run, self._real, self._samples, self._began = run, real, progress.samples, time.time()
        try:
            if self._restored or not progress.samples:
                events.cut_back(run.directory, self._sizes)
            self._file = events.EventFile(run.directory, progress.samples + 1 if progress.samples else None)
        except OSError as error:
            self._drop(error)
        if self._restored:
            return
        values = [events.text("recipe", _code(run.recipe))]
        if real is not None:
            values += self._shown("real", real)
        self._write(values)

    def tick(self, tick: Tick) -> None:
        """Everything learnt at the tick, as one event."""
        from ganlab import events

        if self._file is None:
            return
        self._samples = tick.progress.samples
        numbers = {**tick.measurements, "speed/images-per-second": tick.images_per_second}
        values = [events.scalar(name, value) for name, value in numbers.items()]
        for name, picture in tick.pictures.items():
            values += self._shown(name, picture)
        if fresh := [group for group in dict.fromkeys(map(_group, numbers)) if group not in self._groups]:
            self._groups += fresh
            values.append(events.layout(_charts(self._groups)))
        if tick.findings:
            self._findings += map(_told, tick.findings)
            values.append(events.text("findings", "\n".join(self._findings)))
        self._write(values)

    def end(self, outcome: Outcome) -> None:
        """The run's row in the hyperparameter tab, and the last byte."""
        from ganlab import events

        if self._hyperparameters:
            succeeded = SUCCEEDED.get(outcome.ending)
            settings = _settings(self._run)
            self._write(events.hyperparameters(self._run.name, settings, self._began, time.time(), succeeded))
        if self._file is not None:
            self._file.close()

    def state(self) -> Mapping[str, Any]:
        """Sizes of the event files, safely on the disk, and what is written as a growing whole."""
        if self._file is not None:
            try:
                self._file.sync()
            except OSError as error:
                self._drop(error)
        return {"sizes": dict(self._sizes), "groups": list(self._groups), "findings": list(self._findings)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Remember where to go on."""
        self._sizes, self._groups = dict(state["sizes"]), list(state["groups"])
        self._findings = list(state["findings"])
        if not all(isinstance(size, int) and size >= 0 for size in self._sizes.values()):
            raise ValueError("the event files are said to have sizes that are none")
        if not all(isinstance(each, str) for each in (*self._sizes, *self._groups, *self._findings)):
            raise TypeError("names and findings are no text")
        self._restored = True

    def _shown(self, name: str, picture: Picture) -> Iterable[Summary.Value]:
        """The picture as pixels, if its kind can be drawn, and how its values are distributed."""
        from ganlab import events

        pixels = draw(picture, None if name == "real" else self._real)
        if pixels is not None:
            yield events.image(f"samples/{name}", pixels)
        yield events.histogram(f"values/{name}", picture)

    def _write(self, values: Iterable[Summary.Value]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(values, self._samples)
        except OSError as error:
            self._drop(error)
        else:
            self._sizes[self._file.path.name] = self._file.size

    def _drop(self, error: OSError) -> None:
        """No more events in this life: half a record would be worse than none."""
        log.warning("TensorBoard events: %s; the run goes on without them", error.strerror)
        if self._file is not None:
            self._file.close()
        self._file = None


def _group(name: str) -> str:
    """What a scalar is about: "cost" of "cost/image", "coverage" of "coverage@flatten"."""
    return name.partition("/")[0].partition("@")[0]


def _charts(groups: Iterable[str]) -> dict[str, list[str]]:
    charts: dict[str, list[str]] = {"Health": [], "Costs": [], "Training": []}
    for group in sorted(groups):
        charts[CATEGORIES.get(group, "Health")].append(group)
    return {title: members for title, members in charts.items() if members}


def _told(finding: Finding) -> str:
    advice = f" {finding.advice}" if finding.advice else ""
    return f"- **{finding.severity} at {finding.kimg:g} kimg**, {finding.monitor}: {finding.sentence}{advice}"


def _code(lines: str) -> str:
    """Markdown shows lines indented by four as they are."""
    return "".join(f"    {line}\n" for line in lines.splitlines())


def _settings(run: RunInfo) -> dict[str, str | float]:
    """The same few keys for every run: the hyperparameter tab shows one set of columns, whichever came last."""
    recipe = tomllib.loads(run.recipe)
    players = recipe.get("players", {})
    judge = next((name for name in run.players if name != "generator"), "")
    settings: dict[str, str | float] = {
        "task": _name(recipe.get("task")),
        "dataset": _name(recipe.get("dataset")),
        "loss": _name(recipe.get("loss")),
        "terms": " ".join(_name(term) for term in recipe.get("terms", ())),
        "augmentations": " ".join(_name(each) for each in recipe.get("augmentations", ())),
        "architecture": _name(players.get("generator", {}).get("architecture")),
        "precision": recipe.get("precision", ""),
        "budget_kimg": run.budget_kimg,
    }
    numbers = {
        "batch_size": recipe.get("batch_size"),
        "seed": recipe.get("seed"),
        "generator_lr": players.get("generator", {}).get("optimizer", {}).get("lr"),
        "discriminator_lr": players.get(judge, {}).get("optimizer", {}).get("lr"),
    }
    return settings | {name: float(number) for name, number in numbers.items() if number is not None}


def _name(component: Mapping[str, Any] | None) -> str:
    return component["name"] if component else ""
