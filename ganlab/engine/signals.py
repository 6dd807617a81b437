"""What a person or a scheduler asks a running process: SIGINT ends after the round, twice at once; SIGTERM saves.

Handlers only set a flag, which the loop reads between rounds. Where something goes on that may take minutes and can be
broken off without a trace, `breakable` lets the wish be answered there and then.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ganlab.values import Ending

ASKED = {signal.SIGINT: Ending.INTERRUPTED, signal.SIGTERM: Ending.TERMINATED, signal.SIGHUP: Ending.TERMINATED}

GRACE_SECONDS = 7.0
"""How long a round may go on after SIGTERM: who sent it often sends SIGKILL ten seconds or more later."""

AGAIN_SECONDS = 1.0
"""What is overdue is broken off again and again: a plugin may swallow the first time."""


class BrokenOff(KeyboardInterrupt):
    """What was going on is broken off, since the run was asked to end."""


class Overdue(BrokenOff):
    """The same, of something that leaves the game half changed: the last checkpoint is where it goes on."""


class Signals:
    """Listens from `listen` to `leave`, in the main thread."""

    def __init__(self) -> None:
        self.asked: Ending | None = None
        self._before: dict[int, Callable[..., Any] | int | None] = {}
        self._breakable: type[BrokenOff] | None = None

    def listen(self) -> None:
        """Take over the signals, but those that whoever started the process has it ignore (`nohup`, `&`); in any
        thread but the main one, leave them alone."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in ASKED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._hear)
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._overdue)

    def leave(self) -> None:
        """Give the signals back."""
        if self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    @contextmanager
    def breakable(self, *, after_grace: bool = False) -> Iterator[None]:
        """Inside, a wish to end raises `BrokenOff` at once, or `Overdue` when SIGTERM was sent `GRACE_SECONDS` ago."""
        try:
            self._breakable = Overdue if after_grace else BrokenOff
            self._answer(after_grace)
            yield
            self._answer(after_grace)  # a plugin that caught it has not answered it
        finally:
            self._breakable = None

    def _answer(self, after_grace: bool) -> None:
        if self.asked is not None and not after_grace:
            raise BrokenOff

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked is Ending.INTERRUPTED and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = ASKED[signal.Signals(number)]
        if self.asked is Ending.TERMINATED:
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS, AGAIN_SECONDS)
        if self._breakable is BrokenOff:
            raise BrokenOff

    def _overdue(self, number: int, frame: FrameType | None) -> None:
        if self._breakable is not None:
            raise self._breakable
