"""Where a run is and how it is, in words: for the lines and for the screen of the console."""

from __future__ import annotations

import tomllib
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ganlab.cli.words import memory, number, printable
from ganlab.interfaces.reporter import RunInfo
from ganlab.values import Progress, Severity, Tick
from ganlab.words import duration

HEADLINES = 4

STYLES = {Severity.NOTE: "cyan", Severity.WARNING: "yellow", Severity.CRITICAL: "bold red"}


class Status:
    """Where the run is and how it is, in words."""

    def __init__(self, run: RunInfo, progress: Progress, clock: Callable[[], float]) -> None:
        self._run, self._clock = run, clock
        self._progress = progress
        self._places = deque([(clock(), progress.fraction)], maxlen=10)
        self._rate = 0.0
        self._numbers: dict[str, float] = {}
        watched = tomllib.loads(run.recipe).get("watch", {}).get("monitors")
        self.health = "healthy" if watched else "no monitors"
        self.style = "green" if watched else ""

    def take(self, tick: Tick) -> None:
        """Take in a tick; a note does not make a run unhealthy."""
        self._progress, self._rate = tick.progress, tick.images_per_second
        # A new dict: the thread that redraws the screen may be reading the old one.
        self._numbers = {**self._numbers, **tick.measurements}
        self._places.append((self._clock(), tick.progress.fraction))
        if tick.healthy and any(finding.over for finding in tick.findings):
            self.health, self.style = "healthy again", "green"
        for finding in tick.findings:
            if finding.severity is not Severity.NOTE and not finding.over:
                self.health = f"{finding.severity} at {finding.kimg:.1f} kimg: {printable(finding.monitor)}"
                self.style = STYLES[finding.severity]

    def beginning(self) -> str:
        """The first line."""
        players = ", ".join(map(printable, self._run.players))
        return f"{printable(self._run.name)} | {self._place()} | {self._run.device} | {players}"

    def line(self) -> str:
        """`12.3/200 kimg | 2140 img/s | eta 1:20 | 512 MB | costs image .69 generator .81 | healthy`"""
        return " | ".join(
            part for part in (self._place(), *self._pace(), self._costs(), self._headlines(), self.health) if part
        )

    def screen(self) -> Group:
        """The same in lines that fit any width."""
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(max_width=20, overflow="ellipsis", no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True)
        bar.add_row(printable(self._run.name), ProgressBar(completed=self._progress.fraction * 100), self._place())
        lines = [" | ".join(self._pace()), self._costs(), self._headlines()]
        texts = [Text(line, no_wrap=True, overflow="ellipsis") for line in lines if line]
        return Group(bar, *texts, Text(self.health, self.style, no_wrap=True, overflow="ellipsis"))

    def _place(self) -> str:
        return f"{self._progress.kimg:.1f}/{self._run.budget_kimg:g} kimg"

    def _pace(self) -> Iterator[str]:
        (began, first), (latest, last) = self._places[0], self._places[-1]
        if last > first:
            left = (latest - began) * (1 - last) / (last - first)
            yield f"{self._rate:.0f} img/s"
            yield f"eta {duration(max(0.0, left - (self._clock() - latest)))}"
        yield memory(self._run.device)

    def _costs(self) -> str:
        costs = [
            f"{printable(player)} {number(self._numbers[f'cost/{player}'])}"
            for player in self._run.players
            if f"cost/{player}" in self._numbers
        ]
        return f"costs {' '.join(costs)}" if costs else ""

    def _headlines(self) -> str:
        """The first measurements that stand alone (coverage, not cost/image): what diagnostics say first."""
        alone = (pair for pair in self._numbers.items() if "/" not in pair[0])
        return " ".join(f"{printable(name)} {number(value)}" for name, value in islice(alone, HEADLINES))
