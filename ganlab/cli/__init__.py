"""The command line: the only code that prints or exits. One file per command, imported when that command is given.

Nothing heavy is imported before a command needs it: `--help` costs what click costs, and a typo is answered before
torch would have been loaded.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from ganlab import __version__
from ganlab.cli.failures import Session, Terminated
from ganlab.cli.later import Commands, Later
from ganlab.cli.streams import open_closed_streams
from ganlab.deadline import DEADLINE

COMMANDS = (
    Later("run", "ganlab.cli.run", "Play a recipe: train a GAN, watch it, keep it."),
    Later("resume", "ganlab.cli.resume", "Go on with a run where its newest checkpoint is."),
    Later("data", "ganlab.cli.data", "Look at data before training on them."),
    Later("sample", "ganlab.cli.sample", "Make samples from a run: a sheet, a film, arrays or files."),
    Later("evaluate", "ganlab.cli.evaluate", "Measure a run, or anybody's samples, against real data."),
    Later("export", "ganlab.cli.export", "Write a run's generator for others: a directory, or ONNX."),
    Later("import-torch", "ganlab.cli.import_torch", "Read a stranger's .pt weights, and do it safely."),
    Later("runs", "ganlab.cli.runs", "List the runs."),
    Later("compare", "ganlab.cli.compare", "Show two runs, or two evaluations, side by side."),
    Later("diagnose", "ganlab.cli.diagnose", "Say how a run was, ours or another's."),
    Later("bench", "ganlab.cli.bench", "See what recipes reach where the truth is known."),
    Later("tune", "ganlab.cli.tune", "Search for settings that stay good over seeds."),
    Later("plugins", "ganlab.cli.plugins", "List, show, check and begin plugins."),
    Later("recipe", "ganlab.cli.recipe", "List, show and check recipes."),
    Later("board", "ganlab.cli.board", "Open TensorBoard on the runs."),
    Later("selftest", "ganlab.cli.selftest", "Try the readers of datasets whose truth is known."),
    Later("doctor", "ganlab.cli.doctor", "Say what is installed, and what is wrong with it."),
)


@click.group(cls=Commands, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks; so does GANLAB_DEBUG=1.")
@click.pass_obj
def ganlab(session: Session, debug: bool) -> None:
    """Play any adversarial game, watch it, and keep it stable.

    'ganlab run' trains a GAN on real handwritten digits in about a minute.
    """
    session.debug = session.debug or debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit status. Every exception ends here, as lines on stderr. Without
    `arguments`, those of the process, which is to end with that status."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait sleep: they share their cores
    open_closed_streams()
    session = Session(debug=os.environ.get("GANLAB_DEBUG", "") not in ("", "0"))
    with DEADLINE.kept():
        status = carried_out(arguments, session)
    if arguments is None:
        DEADLINE.leave(status)
    return status


def carried_out(arguments: Sequence[str] | None, session: Session) -> int:
    """The exit status of one command."""
    try:
        with ended_by_signals():
            return ganlab.main(arguments, "ganlab", standalone_mode=False, obj=session) or 0
    except SystemExit as end:  # click's own: shell completion has answered, or the reader of our output has gone
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        return session.tell(error)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the stack, so that what is half done is cleared away; ignored ones (`nohup`) stay
    ignored. A run that is being played listens to them itself."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
