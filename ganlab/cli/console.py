"""What a person, or a program, sees of a run while it goes on: the only place that prints during a run.

On a terminal a few lines that stay in place, on stderr; in a pipe or a log one plain line every half minute; with
`--json` one object per tick on stdout. Findings are printed when they are made, whatever the form.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console as RichConsole
from rich.live import Live
from rich.text import Text

from ganlab.cli.status import STYLES, Status
from ganlab.cli.words import printable
from ganlab.interfaces.reporter import Reporter, RunInfo
from ganlab.records import deed_record, finding_record, json_line, measurement_record, outcome_record
from ganlab.values import Deed, Ending, Finding, Outcome, Picture, Progress, Tick

LINE_EVERY_SECONDS = 30.0


class Console(Reporter):
    """Progress, rate, time left, memory, the last measurements and the state of health.

    Use it as a context manager, so that the terminal is handed back whatever happens. A reader who goes away (a
    closed pipe) silences it and does not end the run.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        stream = stream or sys.stderr
        self._rich = Window(file=stream, highlight=False, markup=False, emoji=False)
        self._live: Live | None = None
        self._moves = stream.isatty() and not self._rich.is_dumb_terminal
        self._clock = clock
        self._spoke = clock()
        self._silent = False
        self._health: list[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """Say what runs where, and take the last lines of the terminal."""
        self._status = Status(run, progress, self._clock)
        if self._health is not None:
            self._status.health, self._status.style = self._health
        self._say(Text(self._status.beginning()))
        if self._moves:
            self._live = Live(
                get_renderable=self._status.screen, console=self._rich, refresh_per_second=1, transient=True
            )
            self._try(self._live.start)

    def tick(self, tick: Tick) -> None:
        """Findings and actions at once; the status in place, or as a line if the last one is old."""
        self._status.take(tick)
        for finding in tick.findings:
            self._say(told(finding))
        for deed in tick.deeds:
            self._say(Text(acted(deed, tick.progress)))
        if self._live is not None:
            self._try(self._live.refresh)
        elif self._clock() - self._spoke >= LINE_EVERY_SECONDS:
            self._say_status()

    def end(self, outcome: Outcome) -> None:
        """The last status, and how the run ended."""
        self._close()
        self._say_status()
        style = "green" if outcome.ending is Ending.FINISHED else "yellow"
        self._say(Text(f"{outcome.ending}: {printable(outcome.sentence)}", style))

    def state(self) -> Mapping[str, Any]:
        """The state of health: what was found in a former life still holds."""
        return {"health": [self._status.health, self._status.style]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take it back."""
        kept = state.get("health")
        if kept is not None:
            health, style = map(str, kept)
            self._health = [health, style]

    def _say_status(self) -> None:
        self._say(Text(self._status.line()))
        self._spoke = self._clock()

    def _say(self, text: Text) -> None:
        self._try(lambda: self._rich.print(text, soft_wrap=not self._moves))

    def _close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            with contextlib.suppress(OSError):
                live.stop()

    def _try(self, speak: Callable[[], object]) -> None:
        if not self._silent:
            try:
                speak()
            except OSError:
                self._silent = True


class Window(RichConsole):
    """Rich's console, which would end the process when its reader goes away: rich offers this method to differ."""

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True


class JsonConsole(Reporter):
    """One JSON object per tick on stdout, `"event": "tick"`, and one at the end, `"event": "outcome"`; with the `run`'s
    name in each, if it is given."""

    def __init__(self, stream: TextIO | None = None, run: str | None = None) -> None:
        self._stream = stream or sys.stdout
        self._named = {} if run is None else {"run": run}

    def start(self, run: RunInfo, progress: Progress, real: Picture | None) -> None:
        """Nothing is known yet."""

    def tick(self, tick: Tick) -> None:
        """Measurements, findings and actions."""
        record = measurement_record(tick)
        self._print(
            {
                "event": "tick",
                **self._named,
                **{name: record.pop(name) for name in ("kimg", "round", "seconds", "images_per_second")},
                "measurements": record,
                "findings": [finding_record(finding) for finding in tick.findings],
                "actions": [deed_record(deed, tick.progress) for deed in tick.deeds],
            }
        )

    def end(self, outcome: Outcome) -> None:
        """How it ended."""
        self._print({"event": "outcome", **self._named, **outcome_record(outcome)})

    def _print(self, record: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stream.write(json_line(record))
            self._stream.flush()


def told(finding: Finding) -> Text:
    """Severity, sentence, likely causes and advice, as they are printed when a finding is made."""
    sentence = f" at {finding.kimg:.1f} kimg, {printable(finding.monitor)}: {printable(finding.sentence)}"
    if finding.over:
        return Text.assemble(("over", "green"), sentence)
    causes = f"\n  likely: {printable('; or '.join(finding.causes))}" if finding.causes else ""
    advice = f"\n  {printable(finding.advice)}" if finding.advice else ""
    return Text.assemble((finding.severity.value, STYLES[finding.severity]), sentence, causes, advice)


def acted(deed: Deed, progress: Progress) -> str:
    """`action at 12.3 kimg: scale-learning-rate player=image factor=0.5 (speed-up-discriminator)`"""
    record = deed_record(replace(deed, intervention="", reason="", observed=False, hindrance=""), progress)
    fields = " ".join(f"{name}={each}" for name, each in record.items() if name not in ("kimg", "round", "action"))
    what = "would have acted" if deed.observed else "could not act" if deed.hindrance else "action"
    why = "; ".join(each for each in (deed.intervention, deed.hindrance) if each)
    return printable(f"{what} at {progress.kimg:.1f} kimg: {record['action']} {fields}{f' ({why})' if why else ''}")
