"""A thread that reads ahead, in order, and for which nobody waits for ever: not the game for a batch, nor the process
for its end.

A read is a function of its place, so one that fails is tried again: a disk at the other end of a network comes back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from ganlab.deadline import DEADLINE

R = TypeVar("R")

READ_SECONDS = 600.0
"""A batch that has not come by then never will."""

ATTEMPTS = 3
PAUSE_SECONDS = 1.0

CLOSE_SECONDS = 1.0
"""How long the end waits for a read that is going on; one that takes longer is left alone with its disk."""

log = logging.getLogger("ganlab")


class Reader:
    """Carries out reads, one after another, in a thread of its own."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        # Python waits at its end for all threads that are no daemons, even for one that hangs.
        self._thread = threading.Thread(target=self._work, name=f"ganlab-reader of {who}", daemon=True)
        self._thread.start()

    def submit(self, read: Callable[[], R]) -> Future[R]:
        """Read when all that was submitted before is read."""
        future: Future[R] = Future()
        self._tasks.put((future, read))
        return future

    def close(self) -> None:
        """No more reads; those that are not cancelled come first."""
        self._tasks.put(None)
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            DEADLINE.left_behind.append(self._thread)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, read = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._tried(read))
                except BaseException as error:
                    future.set_exception(error)

    def _tried(self, read: Callable[[], Any]) -> Any:
        for attempt in range(1, ATTEMPTS):
            try:
                return read()
            except MemoryError:  # to try again would take more of it
                raise
            except Exception as error:
                told = " ".join(str(error).split())[:300]
                log.warning("%s: %s: %s; read again (%d)", self._who, type(error).__name__, told, attempt)
                time.sleep(PAUSE_SECONDS)
        return read()


def came(reading: Future[Any]) -> bool:
    """Wait for it, `READ_SECONDS` at most; False if it has not come."""
    return bool(wait([reading], READ_SECONDS).done)
