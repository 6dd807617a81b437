"""Every way in which a command can fail, as lines on stderr and an exit status.

ganlab: error[E-RECIPE]: what happened, what was expected, what to do
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from ganlab.cli.words import printable
from ganlab.errors import GanlabError, OutOfMemoryError, StorageError

INTERRUPTED = 130
TERMINATED = 75
USAGE = 2
BUG = 70

REFUSALS = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENAMETOOLONG,
    }
)
"""What a disk or a system says when it refuses; every other OSError is a mistake of ours."""

NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
"""What torch's allocators say: on the CPU theirs is a plain RuntimeError."""


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
        trace = "".join(traceback.format_exception(error))
        kept = self._keep(trace)
        if self.debug:
            click.echo(trace, err=True, nl=False)
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
            click.echo(f"{who}: {printable(line)}", err=True)

    def _keep(self, trace: str) -> Path | None:
        """Where the traceback is kept: in the directory of the run, if there is one."""
        if self.run is None or not self.run.is_dir():
            return None
        path = self.run / "crash.log"
        try:
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{trace}\n")
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
        return known.code, known.exit_code, [line for line in str(known).split("\n") if line.strip()]
    return "BUG", BUG, [on_one_line(f"{type(error).__name__}: {error}")]


def recognised(error: BaseException) -> GanlabError | None:
    """An exception that is not ours but has a cause a person can remove."""
    for each in chain(error):
        if isinstance(each, MemoryError) or any(words in str(each).lower() for words in NO_MEMORY):
            return OutOfMemoryError(
                f"no memory left ({on_one_line(str(each))[:200] or 'MemoryError'}); "
                "take a smaller batch_size, or a larger 'accumulate'"
            )
        if isinstance(each, OSError) and each.errno in REFUSALS:
            place = "" if each.filename is None else f"{os.fsdecode(each.filename)}: "
            return StorageError(f"{place}the system refuses ({each.strerror}); make room, or choose another place")
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those it came from: a full disk hides deep in torch's."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def on_one_line(text: str) -> str:
    """Without line breaks."""
    return " ".join(text.split())
