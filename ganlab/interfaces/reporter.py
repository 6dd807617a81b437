"""Records a run for people and programs; changes nothing.

Three instances: JSON lines (the truth), TensorBoard's event files, sample grids as PNG.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganlab.interfaces.component import Component
from ganlab.values import Outcome, Picture, Progress, Tick


@dataclass(frozen=True)
class RunInfo:
    """What a reporter needs to know of a run: its name, directory, recipe as TOML, budget and players."""

    name: str
    directory: Path
    recipe: str
    budget_kimg: float
    players: tuple[str, ...]
    device: str


class Reporter(Component, ABC):
    """Called on the main process only. `state()` says how far it has written, so that a resume leaves no duplicates."""

    redraws: ClassVar[str | None] = None
    """Which files of a run, as a pattern, it can draw again from the recorded ticks; None if it can none."""

    @abstractmethod
    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """The run begins, or goes on from `progress`; `real` is a picture of real data."""

    @abstractmethod
    def tick(self, tick: Tick) -> None:
        """A tick's measurements, findings, actions and, if due, pictures."""

    @abstractmethod
    def end(self, outcome: Outcome) -> None:
        """The run is over; close everything."""
