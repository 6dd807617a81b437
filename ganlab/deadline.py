"""A process that was asked to end does end, and in time, whatever it is in: a call into C that takes an hour, a thread
that waits for a disk for ever.

Python calls the handler of a signal only between two of its own instructions. The system, though, writes the number of
the signal into a pipe at once; a thread reads it there, and ends the process when its time is over. What a run had
saved by then stays whole.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SECONDS = 8.5
"""From SIGTERM or SIGHUP to the end: who sent it often sends SIGKILL after ten."""

SECONDS_INTERRUPTED = 5.0
"""From the second SIGINT to the end."""

SECONDS_SAVING = 60.0
"""How much longer it may take while a checkpoint is being written."""

TERMINATED, INTERRUPTED = 75, 130

SECONDS_LEAVING = {TERMINATED: 1.0, INTERRUPTED: 1.0}
OTHERWISE = 30.0
"""How long Python may take to leave, by exit status: it waits for all threads, and for what others have registered."""

LEAVE = 0
"""What no signal is called."""


class Deadline:
    """There is one in a process."""

    def __init__(self) -> None:
        self.left_behind: list[threading.Thread] = []
        """Threads that did not end when they were told to."""
        self._saving = False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Inside, nobody asks this process to end in vain. In any thread but the main one, nothing is done."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        thread = threading.Thread(target=self._listen, args=[reading], name="ganlab-deadline", daemon=True)
        thread.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            os.write(writing, bytes([LEAVE]))
            thread.join()
            os.close(reading)
            os.close(writing)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Inside, a checkpoint is being written, which is worth waiting for."""
        self._saving = True
        try:
            yield
        finally:
            self._saving = False

    def leave(self, status: int) -> None:
        """The process is about to end with that status. Nobody need ask again, and nothing holds it up for long."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if any(each.is_alive() for each in self.left_behind):  # deep in a library that falls over if Python goes first
            end(status)
        threading.Thread(target=self._wait, args=[status], name="ganlab-deadline", daemon=True).start()

    def _wait(self, status: int) -> None:
        time.sleep(SECONDS_LEAVING.get(status, OTHERWISE))
        end(status)

    def _listen(self, pipe: int) -> None:
        """Until told to leave, hear signals; once asked to end, wait for the time to be over."""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        over, status, interruptions = 0.0, 0, 0
        while True:
            heard = os.read(pipe, 512) if poll.poll(50 if status else None) else b""
            if LEAVE in heard:
                return
            interruptions += heard.count(signal.SIGINT)
            if status != TERMINATED and (signal.SIGTERM in heard or signal.SIGHUP in heard):
                over, status = time.monotonic() + SECONDS, TERMINATED
            elif not status and interruptions > 1:
                over, status = time.monotonic() + SECONDS_INTERRUPTED, INTERRUPTED
            if status and time.monotonic() > over + (SECONDS_SAVING if self._saving else 0.0):
                with suppress(OSError):
                    os.write(
                        2, b"ganlab: it would not end by itself; 'ganlab resume' goes on from the last checkpoint\n"
                    )
                end(status)


def end(status: int) -> None:
    """End the process, here and now; what was printed is shown."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)


DEADLINE = Deadline()
