"""Ends a process that Python can no longer end: a call into C that never comes back and lets nobody else run.

No Python thread runs then, so nothing in here may be Python when it is needed. `faulthandler` writes the stacks from a
thread of its own. The system's timers call two functions of the C library in another: `perror` says the line, `_exit`
ends the process with the right status. Where there are no such timers, `faulthandler` ends it, with status 1.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import sys
from typing import IO, Any

from ganlab.errors import PluginError

LONGEST_LINE = 1000
SAID_AFTER = 0.2
ENDED_AFTER = 0.4
"""Seconds after the stacks are written."""


class LastResort:
    """Armed with a time and a line; it acts unless it is disarmed before. There can be one in a process."""

    def __init__(self) -> None:
        self._process = 0
        self._timers: list[Timer] = []
        self._line = ctypes.create_string_buffer(LONGEST_LINE)

    def arm(self, seconds: float, line: str, log: IO[str] | None) -> None:
        """In so many seconds write all stacks to `log`, or nowhere; say the line, and end the process."""
        if self._process != os.getpid():  # a child of fork inherits neither timers nor threads
            self._process = os.getpid()
            self._timers = timers(ctypes.addressof(self._line))
        self.tell(line)
        if log is not None or not self._timers:
            file = log or sys.__stderr__
            if file is not None:
                faulthandler.dump_traceback_later(max(seconds, 1e-3), file=file, exit=not self._timers)
        for timer, later in zip(self._timers, (SAID_AFTER, ENDED_AFTER), strict=False):
            timer.set(max(seconds, 1e-3) + later)

    def tell(self, line: str) -> None:
        """Say this line, when the time has come, and no other."""
        shown = line if line.isprintable() else "".join(each if each.isprintable() else "?" for each in line)
        self._line.value = shown.encode(errors="replace")[: LONGEST_LINE - 1]

    def disarm(self) -> None:
        """All is well."""
        faulthandler.cancel_dump_traceback_later()
        for timer in self._timers:
            timer.set(0.0)


class Value(ctypes.Union):
    """What a timer hands to its function."""

    _fields_ = [("number", ctypes.c_int), ("pointer", ctypes.c_void_p)]


class Event(ctypes.Structure):
    """`struct sigevent` of 64-bit Linux: call `function(value)` in a thread of its own."""

    _fields_ = [
        ("value", Value),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("padding", ctypes.c_char * 32),
    ]


SIGEV_THREAD = 2
CLOCK_MONOTONIC = 1


class Timer:
    """Calls a function of the C library with one argument when its time has come."""

    def __init__(self, library: Any, function: str, value: Value) -> None:
        self._library = library
        self._id = ctypes.c_void_p()
        called = ctypes.cast(getattr(library, function), ctypes.c_void_p)
        event = Event(value=value, notify=SIGEV_THREAD, function=called)
        if library.timer_create(CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(self._id)):
            raise OSError("the system has no timer left")

    def set(self, seconds: float) -> None:
        """Fire in so many seconds, once; 0: not at all."""
        whole = int(seconds)
        times = (ctypes.c_long * 4)(0, 0, whole, int((seconds - whole) * 1e9))  # no interval, then the time
        self._library.timer_settime(self._id, 0, ctypes.byref(times), None)


def timers(line: int) -> list[Timer]:
    """The timer that says what stands at the address `line`, and the one that ends the process; none where the system
    is not known to have them."""
    if not sys.platform.startswith("linux") or sys.maxsize < 2**32:
        return []
    try:
        library = ctypes.CDLL(None)
        ended = Value(number=PluginError.exit_code)
        return [Timer(library, "perror", Value(pointer=line)), Timer(library, "_exit", ended)]
    except (OSError, AttributeError):
        return []
