"""Every way in which a command can fail, as lines on stderr and an exit status.

ganlab: error[E-RECIPE]: what happened, what was expected, what to do
"""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from ganlab.cli.causes import chain, recognised, text_of
from ganlab.cli.words import on_one_line, printable
from ganlab.errors import GanlabError
from ganlab.validation import short

INTERRUPTED = 130
TERMINATED = 75
USAGE = 2
BUG = 70

LONGEST_LINE = 2000
"""What is longer was not written for a person: a file that is no recipe, a name of thousands of letters."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came while no run was being played."""


@dataclass
class Session:
    """What must be known of a command when it fails. `run` is the directory of the run it plays."""

    debug: bool = False
    run: Path | None = None

    def tell(self, error: BaseException) -> int:
        """Print what went wrong, one line per problem, keep the traceback, and return the exit status."""
        cause = error.__cause__ if isinstance(error, click.Abort) else error  # click's word for an interruption
        if isinstance(cause, KeyboardInterrupt | EOFError):
            ended = isinstance(cause, Terminated)
            self._print("terminated" if ended else "interrupted")
            return TERMINATED if ended else INTERRUPTED
        for each in chain(error):
            traceback.clear_frames(each.__traceback__)  # what lies there may be all the memory there is
        trace = "".join(traceback.format_exception(error))
        kept = self._keep(trace)
        if self.debug:
            click.echo("\n".join(printable(line, but="\t") for line in trace.split("\n")), err=True, nl=False)
        code, status, problems = diagnosed(error)
        if status == BUG:
            where = f"its traceback is in {kept}" if kept else "'ganlab --debug' shows its traceback"
            problems = [f"{problems[0]}; this is a bug of ganlab or of a plugin, {where}"]
        for problem in problems:
            self._print(f"error[E-{code}]: {problem}")
        return status

    def _print(self, line: str) -> None:
        rank = os.environ.get("RANK", "0")
        who = "ganlab" if rank == "0" else f"ganlab (process {rank})"
        with suppress(OSError):  # nobody is there to read it; the exit status still tells
            click.echo(short(f"{who}: {printable(line)}", LONGEST_LINE), err=True)

    def _keep(self, trace: str) -> Path | None:
        """Where the traceback is kept: in the directory of the run, if there is one."""
        from ganlab.disk import AppendedFile

        if self.run is None or not self.run.is_dir():
            return None
        path = self.run / "crash.log"
        try:
            file = AppendedFile(path)
            try:
                file.append(f"{trace}\n".encode(errors="backslashreplace"))
            finally:
                file.close()
        except OSError:
            return None
        return path


def diagnosed(error: BaseException) -> tuple[str, int, list[str]]:
    """The code, the exit status and the problems, one line each."""
    if isinstance(error, click.UsageError):
        sentence = on_one_line(error.format_message())
        more = f" See '{error.ctx.command_path} --help'." if error.ctx else ""
        return "USAGE", USAGE, [sentence + ("" if sentence.endswith((".", "?", ")")) else ".") + more]
    if isinstance(error, click.ClickException):
        return "USAGE", USAGE, [on_one_line(error.format_message())]
    known = error if isinstance(error, GanlabError) else recognised(error)
    if known is not None:
        problems = [line for line in text_of(known).split("\n") if line.strip()]
        return known.code, known.exit_code, problems or ["no reason given"]
    return "BUG", BUG, [on_one_line(f"{type(error).__name__}: {text_of(error)}")]
