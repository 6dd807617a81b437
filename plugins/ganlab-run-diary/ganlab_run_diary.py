"""Keeps `diary.txt` in the run's directory: what happened, in sentences, for whoever comes back after the weekend.

An observer: it is called only in runs whose recipe names it under `watch.observers`, and changes nothing.
"""

from __future__ import annotations

import ganlab

NAME = "diary.txt"
ENTRIES = 10
"""How many times in a run the measurements are worth a line; findings and actions always are."""


class Diary:
    """One run's diary. Lines are appended, so that a run that goes on goes on in the same diary."""

    def __init__(self) -> None:
        self._entries = 0

    @ganlab.hookimpl
    def ganlab_run_started(self, run: ganlab.RunInfo) -> None:
        self._entries = 0
        players = " against ".join(run.players)
        if (run.directory / NAME).exists():
            write(run, f"The run goes on, on {run.device}.")
        else:
            write(run, f"Run '{run.name}' begins on {run.device}: {players}, for {run.budget_kimg:g} kimg.")

    @ganlab.hookimpl
    def ganlab_tick(self, run: ganlab.RunInfo, tick: ganlab.Tick) -> None:
        passed = int(tick.progress.fraction * ENTRIES + 1e-9)
        if passed > self._entries:
            self._entries = passed
            told = {name: value for name, value in tick.measurements.items() if not name.startswith("cost/")}
            numbers = ", ".join(f"{name} {value:.4g}" for name, value in told.items())
            write(run, f"{place(tick.progress)}, after {tick.seconds:.0f} s: {numbers or 'nothing was measured'}.")

    @ganlab.hookimpl
    def ganlab_finding(self, run: ganlab.RunInfo, finding: ganlab.Finding) -> None:
        advice = f" Advice: {finding.advice}." if finding.advice else ""
        write(
            run,
            f"At {finding.kimg:g} kimg, {finding.monitor} ({finding.severity}): {finding.sentence}. "
            f"It began at {finding.began_kimg:g} kimg.{advice}",
        )

    @ganlab.hookimpl
    def ganlab_action(self, run: ganlab.RunInfo, action: ganlab.Action) -> None:
        write(run, f"Done about it: {action}.")

    @ganlab.hookimpl
    def ganlab_run_ended(self, run: ganlab.RunInfo, outcome: ganlab.Outcome) -> None:
        write(run, f"The run {outcome.ending}: {outcome.sentence.rstrip('.')}. {place(outcome.progress)}.")


def place(progress: ganlab.Progress) -> str:
    """Where the run is, for a person."""
    return f"{progress.kimg:g} kimg ({progress.fraction:.0%}), round {progress.round}"


def write(run: ganlab.RunInfo, line: str) -> None:
    """One more line."""
    with (run.directory / NAME).open("a", encoding="utf-8") as diary:
        diary.write(line + "\n")


diary = Diary()
"""What the entry point names: hooks may be methods, where there is something to remember."""
