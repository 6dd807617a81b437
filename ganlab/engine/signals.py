"""What a person or a scheduler asks a running process: SIGINT ends after the round, twice at once; SIGTERM saves."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from ganlab.values import Ending

ASKED = {signal.SIGINT: Ending.INTERRUPTED, signal.SIGTERM: Ending.TERMINATED, signal.SIGHUP: Ending.TERMINATED}


class Signals:
    """Handlers only set a flag; the loop reads it between rounds."""

    def __init__(self) -> None:
        self.asked: Ending | None = None
        self._before: dict[int, Callable[..., Any] | int | None] = {}

    def listen(self) -> None:
        """Take over the signals; in any thread but the main one, leave them alone."""
        if threading.current_thread() is threading.main_thread():
            for number in ASKED:
                self._before[number] = signal.signal(number, self._hear)

    def leave(self) -> None:
        """Give the signals back."""
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.asked is Ending.INTERRUPTED and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = ASKED[signal.Signals(number)]
