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


class BrokenOff(KeyboardInterrupt):
    """What was going on is broken off, since the run was asked to end."""


class Signals:
    """Listens from `listen` to `leave`, in the main thread."""

    def __init__(self) -> None:
        self.asked: Ending | None = None
        self._before: dict[int, Callable[..., Any] | int | None] = {}
        self._breakable: str | None = None

    def listen(self) -> None:
        """Take over the signals; in any thread but the main one, leave them alone."""
        if threading.current_thread() is threading.main_thread():
            for number in ASKED:
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
        """Inside, a wish to end raises `BrokenOff`: at once, or when SIGTERM was sent `GRACE_SECONDS` ago."""
        self._breakable = "overdue" if after_grace else "at once"
        try:
            if self.asked is not None and not after_grace:
                raise BrokenOff
            yield
        finally:
            self._breakable = None

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked is Ending.INTERRUPTED and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = ASKED[signal.Signals(number)]
        if self.asked is Ending.TERMINATED:
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
        if self._breakable == "at once":
            raise BrokenOff

    def _overdue(self, number: int, frame: FrameType | None) -> None:
        if self._breakable is not None:
            raise BrokenOff
